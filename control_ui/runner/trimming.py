"""Keeps what a task returned to a size that can be stored and shown, and says so where something was cut."""

from __future__ import annotations

import json
from typing import Any

RESULT_BYTES = 64 * 1024
# Tried in turn: the longest a text may be, the most entries a list or dictionary may have.
_STEPS = ((48 * 1024, 2048), (16 * 1024, 512), (4 * 1024, 128), (1024, 64), (256, 32), (64, 8))


def size(value: Any) -> int:
    """Bytes of a JSON value as it is written (ASCII, so never more in UTF-8)."""
    return len(json.dumps(value))


def fit_text(text: str, limit: int = RESULT_BYTES) -> str:
    """`text`, or its first `limit` characters and a note of how many are missing."""
    return text if len(text) <= limit else f"{text[:limit]}… [{len(text) - limit} characters left out]"


def fit(document: dict[str, Any], limit: int = RESULT_BYTES) -> dict[str, Any]:
    """`document` in at most `limit` bytes: long texts, lists and dictionaries are cut, and end in a note of it."""
    whole = size(document)
    if whole <= limit:
        return document
    for characters, entries in _STEPS:
        shortened: dict[str, Any] = _shorten(document, characters, entries)
        if size(shortened) <= limit:
            return shortened
    return {"cut": f"{whole} bytes, of which nothing could be kept"}


def _shorten(value: Any, characters: int, entries: int) -> Any:
    if isinstance(value, str):
        return fit_text(value, characters)
    if isinstance(value, list):
        kept = [_shorten(item, characters, entries) for item in value[:entries]]
        return kept if len(value) <= entries else [*kept, _left_out(value, entries)]
    if isinstance(value, dict):
        names = list(value)
        kept_entries = {name: _shorten(value[name], characters, entries) for name in names[:entries]}
        return kept_entries if len(names) <= entries else kept_entries | {"…": _left_out(names, entries)}
    return value


def _left_out(items: list[Any], kept: int) -> str:
    return f"[{len(items) - kept} entries left out]"
