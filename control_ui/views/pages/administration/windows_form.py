"""Maintenance windows as people enter them: days, and from when to when. The fields of the row number 2 are
`window-2-days`, `window-2-from` and `window-2-to`; a row without days is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from control_ui.models import Site
from control_ui.services.devices.maintenance import MOST_WINDOWS, closing_time

MINUTES_A_DAY = 24 * 60
SPARE_ROWS = 2


@dataclass(frozen=True)
class WindowRow:
    """Times as `22:00`."""

    days: list[str] = field(default_factory=list)
    opens: str = ""
    closes: str = ""


def rows_of(site: Site | None) -> list[WindowRow]:
    """A site's windows, and empty rows for more."""
    windows = [] if site is None else site.maintenance_windows
    rows = [WindowRow(window["days"], window["start"], closing_time(window)) for window in windows]
    return rows + [WindowRow()] * SPARE_ROWS


def rows_entered(form: MultiDict[str, str]) -> list[WindowRow]:
    """What was entered, as it was."""
    return [*_entered(form)] or rows_of(None)


def windows_entered(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    """As services/devices/sites.py takes them. What makes no sense is left for it to refuse."""
    return [
        {"days": row.days, "start": row.opens, "minutes": _minutes(row.opens, row.closes)}
        for row in _entered(form)
        if row.days
    ]


def _entered(form: MultiDict[str, str]) -> Iterator[WindowRow]:
    for number in range(MOST_WINDOWS + SPARE_ROWS):
        name = f"window-{number}"
        if f"{name}-from" in form:
            yield WindowRow(form.getlist(f"{name}-days"), form[f"{name}-from"], form.get(f"{name}-to", ""))


def _minutes(opens: str, closes: str) -> int:
    """From one time of day to the next other one: a whole day where they are the same; 0 where one is no time."""
    try:
        first, last = (int(text[:2]) * 60 + int(text[3:5]) for text in (opens, closes))
    except ValueError:
        return 0
    return (last - first) % MINUTES_A_DAY or MINUTES_A_DAY
