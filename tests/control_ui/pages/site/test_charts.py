"""Charts: lines with gaps, in words, and as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control_ui.models import Device, DeviceSample, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.site.charts import RANGES, Charts, charts
from control_ui.views.pages.site.charts import summary
from control_ui.views.pages.site.figures import figure
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.pages.site.conftest import Desk
from tests.control_ui.pages.site.test_overview import words

HOUR = timedelta(hours=1)


@pytest.fixture
def watched(session: ScopedSession) -> Device:
    tenant: Tenant = factories.tenant(session, "watched")
    return factories.device(session, tenant, "pi-west")


def sampled(session: ScopedSession, device: Device, minutes_ago: float, **values: Any) -> None:
    at = NOW - timedelta(minutes=minutes_ago)
    session.add(DeviceSample(tenant_id=device.tenant_id, device_id=device.id, at=at, **values))
    session.flush()


def line(found: Charts, name: str, label: int = 0) -> list[float | None]:
    (chart,) = [chart for chart in found.charts if chart.name == name]
    return chart.lines[label].values


def test_a_missing_sample_is_no_gap_and_a_long_silence_is(session: ScopedSession, watched: Device) -> None:
    for minutes in (50, 49, 47, 30, 29):
        sampled(session, watched, minutes, cpu_usage_percent=float(minutes))
    found = charts(session, watched, HOUR, NOW)
    assert line(found, "cpu") == [50.0, 49.0, 47.0, None, 30.0, 29.0]
    assert [time - found.times[0] for time in found.times] == [0, 60, 180, 240, 1200, 1260]


def test_counters_become_rates_and_increases(session: ScopedSession, watched: Device) -> None:
    received = (1000, 7000, 13000, 600, 1200)
    restarts = (4, 4, 6, 0, 1)
    for at, (total, count) in enumerate(zip(received, restarts, strict=True)):
        sampled(session, watched, 10 - at, network_received_bytes=total, stream_restarts=count)
    found = charts(session, watched, HOUR, NOW)
    assert line(found, "network") == [None, 100.0, 100.0, None, 10.0], "no rate where the Pi began to count anew"
    assert line(found, "restarts") == [0.0, 0.0, 2.0, 0.0, 1.0]


def test_no_rate_is_made_up_across_a_gap(session: ScopedSession, watched: Device) -> None:
    for minutes, total in ((50, 0), (49, 60), (20, 10**9), (19, 10**9 + 60)):
        sampled(session, watched, minutes, network_received_bytes=total)
    assert line(charts(session, watched, HOUR, NOW), "network") == [None, 1.0, None, None, 1.0]


def test_shares_are_percent_and_nonsense_is_left_out(session: ScopedSession, watched: Device) -> None:
    sampled(session, watched, 5, memory_usage_bytes=250, memory_total_bytes=1000, snapshot_fresh=True)
    sampled(session, watched, 4, memory_usage_bytes=250, memory_total_bytes=0, snapshot_fresh=False)
    found = charts(session, watched, HOUR, NOW)
    assert line(found, "memory") == [25.0, None]
    assert line(found, "stream") == [100.0, 0.0]


@pytest.mark.parametrize("name", RANGES)
def test_every_range_has_points_enough_and_not_too_many(session: ScopedSession, watched: Device, name: str) -> None:
    length = RANGES[name]
    for part in range(100):
        sampled(session, watched, (length * part / 100).total_seconds() / 60 + 1, cpu_usage_percent=10.0)
    found = charts(session, watched, length, NOW)
    assert 59 <= length.total_seconds() / found.step_seconds <= 480
    assert len([value for value in line(found, "cpu") if value is not None]) >= 55


def test_words_say_what_a_chart_shows(session: ScopedSession, watched: Device) -> None:
    for minutes, value in ((3, 20.0), (2, 30.0), (1, 25.0)):
        sampled(session, watched, minutes, cpu_usage_percent=value, temperature_celsius=61.25)
    by_name = {chart.name: summary(chart) for chart in charts(session, watched, HOUR, NOW).charts}
    assert by_name["cpu"] == "25 % now; 20 % to 30 %, mean 25 %"
    assert by_name["temperature"] == "61.2 °C throughout"
    assert by_name["disk"] == "not measured"
    assert by_name["restarts"] == "restarts not measured. reconnects not measured"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "%", "-"), (40.0, "%", "40 %"), (61.25, "°C", "61.2 °C"), (1234.4, "s", "1234 s"), (3.0, "", "3"),
        (0.0, "B/s", "0 B/s"), (999.0, "B/s", "999 B/s"),
        (75_000.0, "B/s", "75 kB/s"), (1_250_000.0, "B/s", "1.2 MB/s"),
        (2.5e12, "B/s", "2500 GB/s"),
    ],
)  # fmt: skip
def test_figures_are_short(value: float | None, unit: str, text: str) -> None:
    assert figure(value, unit) == text


def test_the_page_has_the_range_in_its_address(desk: Desk) -> None:
    shown = desk.get("/charts?range=7d").text
    assert 'title="7 days" aria-current="true"' in shown
    assert "Nothing was measured in the last 7 days" in shown
    assert 'title="6 hours" aria-current="true"' in desk.get("/charts?range=nonsense").text


def test_the_document_of_the_page(desk: Desk) -> None:
    now = datetime.now(UTC)
    for minutes in (3, 2, 1):
        desk.session.add(
            DeviceSample(
                tenant_id=desk.device.tenant_id, device_id=desk.device.id, at=now - timedelta(minutes=minutes),
                cpu_usage_percent=42.0,
            )
        )  # fmt: skip
    told = desk.get("/charts.json?range=1h").get_json()
    assert told["end"] - told["start"] == 3600
    (cpu,) = [chart for chart in told["charts"] if chart["name"] == "cpu"]
    assert cpu["lines"] == [{"label": "in use", "told": "42 % throughout", "values": [42.0] * len(told["times"])}]
    assert 'data-chart="cpu"' in desk.get("/charts?range=1h").text
    assert "42 %" in words(desk.get("/charts?range=1h&table=1").text)
