"""Maintenance windows, around both changes of the clocks. Chicago: 8 March and 1 November 2026, at two in the night."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from control_ui.services.runs.windows import is_open, next_opening

CHICAGO = "America/Chicago"
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def window(start: str, minutes: int, *days: str) -> list[dict[str, object]]:
    return [{"days": list(days) or EVERY_DAY, "start": start, "minutes": minutes}]


def at(text: str, zone: str = CHICAGO, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def test_without_windows_it_is_always_open() -> None:
    assert is_open([], CHICAGO, at("2026-07-01 12:00"))
    assert next_opening([], CHICAGO, at("2026-07-01 12:00")) is None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-07-01 21:59", False),
        ("2026-07-01 22:00", True),
        ("2026-07-02 01:59", True),
        ("2026-07-02 02:00", False),
    ],
)
def test_a_window_goes_over_midnight_and_ends_on_time(moment: str, expected: bool) -> None:
    assert is_open(window("22:00", 240), CHICAGO, at(moment)) is expected


def test_the_clock_is_the_one_on_the_site_s_wall() -> None:
    three_in_berlin = at("2026-07-01 03:00", "Europe/Berlin")
    assert is_open(window("03:00", 60), "Europe/Berlin", three_in_berlin)
    assert not is_open(window("03:00", 60), CHICAGO, three_in_berlin)


def test_the_day_is_the_one_on_which_it_opens() -> None:
    saturdays = window("23:00", 120, "sat")  # 4 July 2026
    assert is_open(saturdays, CHICAGO, at("2026-07-05 00:30"))
    assert not is_open(saturdays, CHICAGO, at("2026-07-04 00:30"))


def test_a_window_of_a_whole_day_is_open_until_its_last_minute() -> None:
    saturdays = window("12:00", 1440, "sat")
    assert is_open(saturdays, CHICAGO, at("2026-07-05 11:59"))
    assert not is_open(saturdays, CHICAGO, at("2026-07-05 12:00"))


def test_in_spring_a_start_that_the_clocks_skip_opens_right_after() -> None:
    nights = window("02:30", 60)
    assert not is_open(nights, CHICAGO, at("2026-03-08 01:59"))
    assert not is_open(nights, CHICAGO, at("2026-03-08 03:29"))
    assert is_open(nights, CHICAGO, at("2026-03-08 03:30"))
    assert not is_open(nights, CHICAGO, at("2026-03-08 04:30"))


def test_in_spring_a_window_over_the_change_lasts_as_long_as_ever() -> None:
    nights = window("01:00", 120)
    assert is_open(nights, CHICAGO, at("2026-03-08 03:59"))  # an hour and 59 minutes after it has opened
    assert not is_open(nights, CHICAGO, at("2026-03-08 04:00"))


def test_in_autumn_a_start_that_comes_twice_opens_the_first_time_only() -> None:
    nights = window("01:30", 30)
    assert is_open(nights, CHICAGO, at("2026-11-01 01:30", fold=0))
    assert not is_open(nights, CHICAGO, at("2026-11-01 01:30", fold=1))


def test_in_autumn_a_window_over_the_change_lasts_as_long_as_ever() -> None:
    nights = window("00:30", 120)
    assert is_open(nights, CHICAGO, at("2026-11-01 01:29", fold=1))
    assert not is_open(nights, CHICAGO, at("2026-11-01 01:30", fold=1))


def test_when_it_opens_next_is_told() -> None:
    saturdays = window("22:00", 60, "sat")
    assert next_opening(saturdays, CHICAGO, at("2026-07-05 12:00")) == at("2026-07-11 22:00")
    assert next_opening(saturdays, CHICAGO, at("2026-07-04 12:00")) == at("2026-07-04 22:00")
    now = at("2026-07-04 22:30")
    assert next_opening(saturdays, CHICAGO, now) == now
