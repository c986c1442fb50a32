"""Maintenance windows: `[{"days": ["mon", ...], "start": "22:00", "minutes": 240}]` in a site's time zone.

A window opens when the clocks on the site's wall show its start, and stays open for its minutes, whatever the clocks
do meanwhile. Where they skip the start in spring, it opens as long after midnight as on other days; where they
show it twice in autumn, it opens the first time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS_AHEAD = 8
"""Within a week and a day every window opens once."""


def is_open(windows: Sequence[Any], timezone: str, now: datetime) -> bool:
    """Whether the site may be worked on now. Without windows it always may."""
    return not windows or any(opens <= now < closes for opens, closes in openings(windows, timezone, now, now))


def next_opening(windows: Sequence[Any], timezone: str, now: datetime) -> datetime | None:
    """When it may be worked on next: now, if it may; None without windows."""
    if not windows:
        return None
    if is_open(windows, timezone, now):
        return now
    until = now + timedelta(days=_DAYS_AHEAD)
    return min((opens for opens, _ in openings(windows, timezone, now, until) if opens > now), default=None)


def openings(
    windows: Sequence[Any], timezone: str, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """When each opens and closes, by day: all that are open between the two moments, and some just before and after."""
    zone = ZoneInfo(timezone)
    longest = timedelta(minutes=max((int(window["minutes"]) for window in windows), default=0))
    day = (since - longest).astimezone(zone).date() - timedelta(days=1)  # where the clocks go back past midnight
    last = until.astimezone(zone).date()
    while day <= last:
        for window in windows:
            if DAYS[day.weekday()] in window["days"]:
                opens = datetime.combine(day, time.fromisoformat(window["start"]), zone).astimezone(UTC)
                yield opens, opens + timedelta(minutes=int(window["minutes"]))
        day += timedelta(days=1)
