"""The texts of two sides, line by line beside each other."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from control_ui.services.configuration.diff import Side, texts

AROUND = 3
"""So many equal lines are shown around what differs, as in a unified diff."""


@dataclass(frozen=True)
class Line:
    """A line of the left, the right, or both. `sign` is ` ` (equal), `-`, `+`, `~` (another text) or `@` (a gap)."""

    sign: str
    left_number: int | None = None
    left: str = ""
    right_number: int | None = None
    right: str = ""


def lines(left: Side, right: Side, *, whole: bool = False) -> list[Line]:
    """What differs, with some lines around it; `whole`: all. Empty where nothing differs."""
    old, new = texts(left, right)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    found: list[Line] = []
    groups: list[list[tuple[str, int, int, int, int]]]
    groups = [list(matcher.get_opcodes())] if whole else [list(group) for group in matcher.get_grouped_opcodes(AROUND)]
    if all(tag == "equal" for group in groups for tag, *_ in group):
        return []
    for number, group in enumerate(groups):
        if number:
            found.append(Line("@"))
        for tag, left_from, left_to, right_from, right_to in group:
            found += _block(tag, old, range(left_from, left_to), new, range(right_from, right_to))
    return found


def _block(tag: str, old: list[str], left: range, new: list[str], right: range) -> list[Line]:
    made = []
    for at in range(max(len(left), len(right))):
        before = left[at] if at < len(left) else None
        after = right[at] if at < len(right) else None
        sign = " " if tag == "equal" else "+" if before is None else "-" if after is None else "~"
        made.append(
            Line(
                sign,
                None if before is None else before + 1,
                "" if before is None else old[before],
                None if after is None else after + 1,
                "" if after is None else new[after],
            )
        )
    return made


def unified(beside: list[Line]) -> list[Line]:
    """The same in one column: of a block that differs, first what is removed, then what is added."""
    found: list[Line] = []
    added: list[Line] = []
    for line in beside:
        if line.sign in " @":
            found += [*added, line]
            added = []
        if line.sign in "-~":
            found.append(Line("-", left_number=line.left_number, left=line.left))
        if line.sign in "+~":
            added.append(Line("+", right_number=line.right_number, right=line.right))
    return found + added
