"""Which time a report is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from control_ui.services.errors import InvalidError
from control_ui.services.reports.period import parse

CHICAGO = ZoneInfo("America/Chicago")


def test_days_are_the_zones_own_and_both_belong_to_the_period() -> None:
    period = parse("2026-03-01", "2026-03-31", CHICAGO)
    assert period.start == datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert period.end == datetime(2026, 4, 1, 5, tzinfo=UTC)
    assert period.end - period.start == timedelta(days=31, hours=-1), "summer time began on the 8th"


def test_one_day_is_a_period() -> None:
    period = parse("2026-03-08", "2026-03-08", CHICAGO)
    assert period.end - period.start == timedelta(hours=23)


def test_moments_are_what_they_are_and_the_second_does_not_belong_to_it() -> None:
    period = parse("2026-03-01T00:00:00-06:00", "2026-03-01T07:30:00Z", CHICAGO)
    assert (period.start, period.end) == (datetime(2026, 3, 1, 6, tzinfo=UTC), datetime(2026, 3, 1, 7, 30, tzinfo=UTC))
    assert period.local(period.start).isoformat() == "2026-03-01T00:00:00-06:00"


@pytest.mark.parametrize(
    ("start", "end", "path", "words"),
    [
        ("2026-03-02", "2026-03-01", "to", "after `from`"),
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "to", "after `from`"),
        ("2026-01-01", "2027-03-01", "to", "400 days"),
        ("yesterday", "2026-03-01", "from", "must be a day"),
        ("2026-02-30", "2026-03-01", "from", "must be a day"),
        ("2026-03-01", "2026-03-02T00:00:00", "to", "needs an offset"),
        ("0001-01-01T00:00:00+14:00", "2026-03-01", "from", "year from 1970"),
        ("2026-03-01", "9999-12-31", "to", "must be a day"),
        ("", "", "from", "must be a day"),
    ],
)
def test_what_is_no_period_is_refused_with_the_reason(start: str, end: str, path: str, words: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        parse(start, end, CHICAGO)
    assert refusal.value.faults[0].path == path
    assert words in refusal.value.faults[0].message
