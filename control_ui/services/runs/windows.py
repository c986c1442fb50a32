"""Maintenance windows: `[{"days": ["mon", ...], "start": "22:00", "minutes": 240}]` in a site's time zone.

A window opens when the clocks on the site's wall show its start, and stays open for its minutes, whatever the clocks
do meanwhile. Where they skip the start in spring, it opens as long after midnight as on other days; where they
show it twice in autumn, it opens the first time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS_AHEAD = 8
"""Within a week and a day every window opens once."""


def is_open(windows: Sequence[Any], timezone: str, now: datetime) -> bool:
    """Whether the site may be worked on now. Without windows it always may."""
    if not windows:
        return True
    longest = max(int(window["minutes"]) for window in windows)
    first = now.astimezone(ZoneInfo(timezone)).date() - timedelta(minutes=longest) - timedelta(days=1)
    return any(opens <= now < closes for opens, closes in _openings(windows, timezone, first, now))


def next_opening(windows: Sequence[Any], timezone: str, now: datetime) -> datetime | None:
    """When it may be worked on next: now, if it may; None without windows."""
    if not windows:
        return None
    if is_open(windows, timezone, now):
        return now
    today = now.astimezone(ZoneInfo(timezone)).date()
    until = now + timedelta(days=_DAYS_AHEAD)
    return min((opens for opens, _ in _openings(windows, timezone, today, until) if opens > now), default=None)


def _openings(
    windows: Sequence[Any], timezone: str, first: date, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Every opening that begins on the day `first` or later, and not after `until`."""
    zone = ZoneInfo(timezone)
    for number in range((until.astimezone(zone).date() - first).days + 1):
        day = first + timedelta(days=number)
        for window in windows:
            if DAYS[day.weekday()] in window["days"]:
                opens = datetime.combine(day, time.fromisoformat(window["start"]), zone).astimezone(UTC)
                yield opens, opens + timedelta(minutes=int(window["minutes"]))
