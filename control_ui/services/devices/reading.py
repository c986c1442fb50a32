"""What a Pi sends, read leniently and in bounds: whatever makes no sense is as if it had not been sent, and the rest
of the report stands."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

LONGEST_TEXT = 2000
LONGEST_NAME = 100
MARGIN = 400
"""Longer than any secret in any form."""
MOST_ITEMS = 200
DEEPEST = 8
LARGEST = 2**63 - 1
LARGEST_PART_BYTES = 64 * 1024
Mask = Callable[[Any], Any]
"""Takes secrets out of a JSON value."""


def text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Text that any database takes (no null characters, no halves of characters); empty for anything else."""
    if not isinstance(value, str):
        return ""
    return value[:longest].replace("\x00", "").encode(errors="replace").decode()


def whole(value: Any, least: int = 0, most: int = LARGEST) -> int | None:
    """A whole number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if least <= value <= most else None


def number(value: Any) -> float | None:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= LARGEST and math.isfinite(value) else None


def moment(value: Any) -> datetime | None:
    """An RFC 3339 time with its offset, in UTC."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def entries(value: Any, most: int) -> list[dict[str, Any]]:
    """The objects of a list, the first `most` of them."""
    return [entry for entry in value[:most] if isinstance(entry, dict)] if isinstance(value, list) else []


def dig(document: Any, *path: str) -> Any:
    """What lies at this path; None where nothing does."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def part(value: Any, mask: Mask) -> dict[str, Any] | None:
    """An object of a report, fit to be kept: without secrets, bounded in width, depth and size. None for anything
    else."""
    if not isinstance(value, dict):
        return None
    kept: dict[str, Any] = masked(value, mask)
    return kept if len(json.dumps(kept)) <= LARGEST_PART_BYTES else None


def masked(value: Any, mask: Mask, longest: int = LONGEST_TEXT) -> Any:
    """`value` without secrets, the names in it included. Texts are cut once more afterwards: the end of one may be half
    a secret, which no mask knows."""
    return bounded(mask(bounded(value, longest + MARGIN)), longest, mask)


def bounded(value: Any, longest: int = LONGEST_TEXT, mask: Mask | None = None, depth: int = 0) -> Any:
    """A JSON value cut down to what is kept. Numbers no database knows (NaN, 1e999) become null. `mask` is for the
    names."""
    if isinstance(value, str):
        return text(value, longest)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if number(value) is not None else None
    if depth >= DEEPEST:
        return None
    if isinstance(value, list):
        return [bounded(item, longest, mask, depth + 1) for item in value[:MOST_ITEMS]]
    some = list(value.items())[:MOST_ITEMS]
    return {_name(name, mask): bounded(item, longest, mask, depth + 1) for name, item in some}


def _name(name: Any, mask: Mask | None) -> str:
    return text(mask(name) if mask is not None else name, LONGEST_NAME)
