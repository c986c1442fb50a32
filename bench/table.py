"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown(title: str, header: Sequence[str], rows: Iterable[Sequence[object]], note: str = "") -> str:
    """A titled Markdown table; numbers are right-aligned by their column's first row."""
    rows = [[str(cell) for cell in row] for row in rows]
    lines = [f"## {title}", "", f"| {' | '.join(header)} |", f"|{'|'.join(' --- ' for _ in header)}|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", note, ""] if note else [*lines, ""])
