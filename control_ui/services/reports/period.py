"""The time a report is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from control_ui.services.errors import Fault, InvalidError
from control_ui.services.timezones import EARLIEST_YEAR, LATEST_YEAR

LONGEST = timedelta(days=400)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Period:
    """From `start` until before `end`. `zone` is where local times are shown in."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)


def parse(start: str, end: str, zone: ZoneInfo) -> Period:
    """A period from two texts. A day (`2026-03-01`) is one of `zone`'s, and both days belong to the period; a moment
    (RFC 3339) is what it is, and the second does not belong to it. Raises InvalidError.
    """
    faults: list[Fault] = []
    begins = _moment("from", start, zone, timedelta(0), faults)
    ends = _moment("to", end, zone, timedelta(days=1), faults)
    if begins is None or ends is None:
        raise InvalidError("the period is not valid", faults)
    if ends <= begins:
        raise InvalidError("the period is not valid", [Fault("to", "must be after `from`")])
    if ends - begins > LONGEST:
        raise InvalidError(
            "the period is not valid", [Fault("to", f"must be at most {LONGEST.days} days after `from`")]
        )
    return Period(begins, ends, zone)


def _moment(name: str, text: str, zone: ZoneInfo, whole_day: timedelta, faults: list[Fault]) -> datetime | None:
    try:
        if _DAY.fullmatch(text):
            moment = datetime.combine(date.fromisoformat(text) + whole_day, time(), zone)
        else:
            moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        faults.append(Fault(name, "must be a day (2026-03-01) or a moment with its offset (2026-03-01T06:00:00Z)"))
        return None
    if moment.tzinfo is None:
        faults.append(Fault(name, "needs an offset: 2026-03-01T06:00:00Z or 2026-03-01T00:00:00-06:00"))
        return None
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        faults.append(Fault(name, f"must be in a year from {EARLIEST_YEAR} to {LATEST_YEAR}"))
        return None
    return moment.astimezone(UTC)
