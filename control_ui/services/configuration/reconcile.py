"""Two people have edited the same settings: what the second entered, with what the first saved meanwhile."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class _Absent:
    """Tells a setting that is left out from one that is null."""

    def __repr__(self) -> str:
        return "left out"


ABSENT = _Absent()
Path = tuple[str, ...]


@dataclass(frozen=True)
class Meanwhile:
    """One setting that the other person changed. ABSENT where it is left out."""

    path: Path
    before: Any
    theirs: Any
    mine: Any

    @property
    def clashes(self) -> bool:
        """Both have changed it, and not to the same."""
        return self.mine != self.before and self.mine != self.theirs  # type: ignore[no-any-return]  # JSON values are compared: Any


@dataclass(frozen=True)
class Reconciled:
    """`settings` is what the second entered, with the first one's changes wherever the second had changed nothing."""

    settings: dict[str, Any]
    meanwhile: list[Meanwhile]

    @property
    def taken_over(self) -> list[Meanwhile]:
        return [one for one in self.meanwhile if not one.clashes]

    @property
    def clashes(self) -> list[Meanwhile]:
        return [one for one in self.meanwhile if one.clashes]


def reconcile(base: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]) -> Reconciled:
    """`base` is what both began with. Where both changed the same setting, mine stays. Lists are one value."""
    old, new, own = (dict(_leaves(one, ())) for one in (base, theirs, mine))
    settings = copy.deepcopy(mine)
    meanwhile = []
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path, ABSENT), new.get(path, ABSENT)
        if before == after:
            continue
        found = Meanwhile(path, before, after, own.get(path, ABSENT))
        meanwhile.append(found)
        if own.get(path, ABSENT) == before:
            _put(settings, path, after)
    return Reconciled(settings, meanwhile)


def _leaves(value: dict[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _leaves(item, (*path, name))
        else:
            yield (*path, name), item


def _put(settings: dict[str, Any], path: Path, value: Any) -> None:
    *objects, name = path
    target = settings
    for one in objects:
        inner = target.get(one)
        if not isinstance(inner, dict):
            inner = target[one] = {}
        target = inner
    if isinstance(value, _Absent):
        target.pop(name, None)
    else:
        target[name] = copy.deepcopy(value)
