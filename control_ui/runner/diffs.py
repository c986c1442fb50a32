"""What a task changed on a host, or would change, in one form whichever module said it."""

from __future__ import annotations

import json
from typing import Any

from control_ui.runner.trimming import RESULT_BYTES, fit_text

_SIDES = ("before_header", "after_header", "before", "after")
_MOST_DIFFERENCES = 32


def differences(diff: Any) -> list[dict[str, str]]:
    """Of a result's `diff`: `[{before_header, after_header, before, after}]`, or `{prepared}` where a module made its
    own text; all texts, at most 64 KiB in sum. Sides that are equal are no difference.
    """
    found = [_normal(item) for item in (diff if isinstance(diff, list) else [diff]) if isinstance(item, dict)]
    differing = [item for item in found if item.get("prepared") or item.get("before") != item.get("after")]
    return _fit(differing)


def _normal(item: dict[str, Any]) -> dict[str, str]:
    if item.get("prepared"):
        return {"prepared": _text(item["prepared"])}
    return {side: _text(item[side]) for side in _SIDES if item.get(side) is not None}


def _text(value: Any) -> str:
    """Modules give texts, or settings as a dictionary."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, sort_keys=True) + "\n"


def _fit(items: list[dict[str, str]]) -> list[dict[str, str]]:
    kept = items[:_MOST_DIFFERENCES]
    total = sum(len(text) for item in kept for text in item.values())
    if total > RESULT_BYTES:
        share = RESULT_BYTES // (len(kept) * len(_SIDES))
        kept = [{side: fit_text(text, share) for side, text in item.items()} for item in kept]
    if len(items) > len(kept):
        kept = [*kept, {"prepared": f"[{len(items) - len(kept)} more differences left out]\n"}]
    return kept
