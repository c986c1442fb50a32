"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown(title: str, header: Sequence[str], rows: Iterable[Sequence[object]], note: str = "") -> str:
    """A titled Markdown table, with a note on how it was measured below it."""
    lines = [f"## {title}", "", f"| {' | '.join(header)} |", f"|{'|'.join(' --- ' for _ in header)}|"]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([*lines, "", note, ""] if note else [*lines, ""])
