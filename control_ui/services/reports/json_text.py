"""A JSON document with one long list, written a row at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any


def document(head: dict[str, Any], name: str, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """`{...head, name: [rows]}`, with a line for each row."""
    yield f"{json.dumps(head, ensure_ascii=False)[:-1]}, {json.dumps(name)}: ["
    separator = "\n"
    for row in rows:
        yield separator + json.dumps(row, ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"
