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


def in_words(windows: list[dict[str, Any]]) -> str:
    """`mon-fri 22:00-02:00, sat 00:00-00:00`; empty without windows."""
    return ", ".join(f"{_days(window['days'])} {window['start']}-{closing_time(window)}" for window in windows)


def closing_time(window: dict[str, Any]) -> str:
    """What the clocks show when it closes, on a day on which they are not changed: `02:00`."""
    hours, minutes = (int(part) for part in window["start"].split(":"))
    end = (hours * 60 + minutes + int(window["minutes"])) % LONGEST_MINUTES
    return f"{end // 60:02}:{end % 60:02}"


def _days(days: list[str]) -> str:
    """Three in a row and more are a range; all of them are every day."""
    numbers = sorted(DAYS.index(day) for day in days)
    if len(numbers) == len(DAYS):
        return "every day"
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{DAYS[numbers[0]]}-{DAYS[numbers[-1]]}"
    return " ".join(DAYS[number] for number in numbers)


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
