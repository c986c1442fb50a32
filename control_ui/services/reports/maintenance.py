"""When a site was meant to be worked on, as spans of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from control_ui.services.devices.maintenance import LONGEST_MINUTES
from control_ui.services.reports.intervals import Span, Spans, intersection, union
from control_ui.services.runs.windows import DAYS


def spans(windows: Sequence[Any], zone: ZoneInfo, within: Span) -> Spans:
    """What of `within` lies in maintenance windows `[{"days": ["mon", ...], "start": "22:00", "minutes": 240}]`.

    A window opens when the clocks at the site show its start, and stays open for its minutes. A site without windows
    may be worked on at any time, but no time of it is maintenance.
    """
    day = (within[0] - timedelta(minutes=LONGEST_MINUTES)).astimezone(zone).date()
    last = within[1].astimezone(zone).date()
    opened: Spans = []
    while day <= last:
        opened += [_opening(window, day, zone) for window in windows if DAYS[day.weekday()] in window["days"]]
        day += timedelta(days=1)
    return intersection(union(opened), [within])


def _opening(window: Any, day: date, zone: ZoneInfo) -> Span:
    opens = datetime.combine(day, time.fromisoformat(window["start"]), zone).astimezone(UTC)
    return opens, opens + timedelta(minutes=int(window["minutes"]))
