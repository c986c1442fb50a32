"""Maintenance windows: the hours in which a site may be worked on."""

from __future__ import annotations

import re
from typing import Any

from control_ui.services.errors import Fault
from control_ui.services.runs.windows import DAYS

SHORTEST_MINUTES = 15
LONGEST_MINUTES = 24 * 60
MOST_WINDOWS = 21
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def faults_of_windows(windows: list[dict[str, Any]], path: str) -> list[Fault]:
    """What is wrong with `[{"days": ["mon", ...], "start": "22:00", "minutes": 240}]`."""
    if len(windows) > MOST_WINDOWS:
        return [Fault(path, f"has more than {MOST_WINDOWS} windows")]
    return [fault for at, window in enumerate(windows) for fault in _faults_of(window, f"{path}[{at}]")]


def _faults_of(window: dict[str, Any], path: str) -> list[Fault]:
    found = []
    days = window.get("days")
    if not days or len(set(days)) != len(days) or not set(days) <= set(DAYS):
        found.append(Fault(f"{path}.days", f"must be some of {', '.join(DAYS)}, each once"))
    if not _CLOCK.fullmatch(str(window.get("start"))):
        found.append(Fault(f"{path}.start", "must be a time of day in the site's time zone: 00:00 to 23:59"))
    if not SHORTEST_MINUTES <= int(window.get("minutes", 0)) <= LONGEST_MINUTES:
        found.append(Fault(f"{path}.minutes", f"must be {SHORTEST_MINUTES} to {LONGEST_MINUTES}"))
    return found
