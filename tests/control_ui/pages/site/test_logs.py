"""The lines that a Pi has sent, searched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from control_ui.models import DeviceLog
from tests.control_ui.conftest import NOW
from tests.control_ui.pages.site.conftest import Desk
from tests.control_ui.pages.site.test_overview import words


@pytest.fixture
def logged(desk: Desk) -> Desk:
    lines = (
        (1, "carwash-stream.service", 6, "connected <b>"),
        (2, "carwash-stream.service", 3, "the camera went away"),
        (3, "carwash-agent.service", 4, "it is too hot"),
        (4, "carwash-agent.service", 7, "a detail"),
    )
    desk.session.add_all(
        DeviceLog(
            tenant_id=desk.device.tenant_id, device_id=desk.device.id, entry_id=str(minutes),
            at=NOW - timedelta(minutes=minutes), unit=unit, priority=priority, message=message,
        )
        for minutes, unit, priority, message in lines
    )  # fmt: skip
    return desk


def found(desk: Desk, query: str = "") -> set[str]:
    shown = desk.get(f"/logs{query}").text
    words_of_lines = ("connected", "went away", "too hot", "a detail")
    return {word for word in words_of_lines if word in shown}


def test_lines_are_in_the_sites_time_the_newest_first_and_escaped(logged: Desk) -> None:
    shown = logged.get("/logs").text
    assert shown.index("connected &lt;b&gt;") < shown.index("went away") < shown.index("a detail")
    assert '<time datetime="2026-03-04T05:05:07.000Z">2026-03-03 23:05:07</time>' in shown
    assert "stream info connected" in words(shown)


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("?level=3", {"went away"}),
        ("?level=4", {"went away", "too hot"}),
        ("?level=6", {"connected", "went away", "too hot"}),
        ("?level=nonsense", {"connected", "went away", "too hot", "a detail"}),
        ("?q=CAMERA", {"went away"}),
        ("?q=%25", set()),
        ("?unit=carwash-agent.service", {"too hot", "a detail"}),
        ("?since=2026-03-03T23:03&until=2026-03-03T23:05", {"went away", "too hot"}),
        ("?since=2026-03-04T05:04:30Z", {"connected"}),
    ],
)
def test_each_filter_narrows(logged: Desk, query: str, lines: set[str]) -> None:
    assert found(logged, query) == lines


def test_what_was_asked_for_stays_in_the_form(logged: Desk) -> None:
    shown = logged.get("/logs?q=%22hot%22&level=4&since=2026-03-03T23:03").text
    assert 'value="&#34;hot&#34;"' in shown
    assert '<option value="4" selected>' in shown
    assert 'value="2026-03-03T23:03"' in shown


def test_a_time_that_is_none_is_said(logged: Desk) -> None:
    answer = logged.get("/logs?since=yesterday")
    assert answer.status_code == 422
    assert "yesterday is no time" in answer.text.lower()
    assert "went away" in answer.text


def test_nothing_found_and_nothing_sent_are_different(logged: Desk) -> None:
    assert "No line is like that" in logged.get("/logs?q=unheard-of").text
    other = logged.get("/logs").text
    assert "Its Pi has sent no lines yet" not in other


def test_an_empty_log_says_what_to_do(desk: Desk) -> None:
    shown = words(desk.get("/logs").text)
    assert "Its Pi has sent no lines yet" in shown
    assert "follow it live" in shown


def test_many_lines_come_in_pages_that_keep_the_filter(desk: Desk) -> None:
    now = datetime.now(UTC)
    desk.session.add_all(
        DeviceLog(
            tenant_id=desk.device.tenant_id, device_id=desk.device.id, entry_id=str(number),
            at=now - timedelta(seconds=number), unit="", priority=4, message=f"line {number}.",
        )
        for number in range(250)
    )  # fmt: skip
    first = desk.get("/logs?level=4&q=line").text
    assert "line 199." in first
    assert "line 200." not in first
    (address,) = [part.partition('"')[0] for part in first.split('href="') if "cursor=" in part]
    next_page = address.replace("&amp;", "&")
    assert "level=4" in next_page
    assert "q=line" in next_page
    second = desk.client.get(next_page).text
    assert "line 200." in second
    assert "line 199." not in second
