"""How lines of a log are written, whether they were sent or are followed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
_ERROR, _WARNING, _DEBUG = 3, 4, 7


def second(at: datetime | str, timezone: str) -> Markup:
    """`2026-03-04 05:06:07` in the site's time zone, which the page names."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    local = moment.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S")
    exact = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}">{}</time>').format(exact, local)


def tone(priority: int) -> str:
    """Which colour a line has: that of its level, which is written beside it."""
    if priority <= _ERROR:
        return "bad"
    return "warn" if priority == _WARNING else "faint" if priority >= _DEBUG else ""


LINES: dict[str, Any] = {"priorities": PRIORITIES, "second": second, "line_tone": tone}
"""What the macro of a line needs."""
