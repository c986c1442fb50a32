"""A device over time, in as many points as a chart can show; where nothing was measured there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from control_ui.models import Device, DeviceSample
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from control_ui.services import device_series
from control_ui.services.errors import InvalidError
from tests.control_ui import factories
from tests.control_ui.conftest import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def device(session: ScopedSession) -> Device:
    return factories.device(session, factories.tenant(session, "ours"), "pi-east")


def sampled(session: ScopedSession, device: Device, seconds: float, **values: Any) -> None:
    """At this many seconds after NOW."""
    at = NOW + timedelta(seconds=seconds)
    session.add(DeviceSample(tenant_id=device.tenant_id, device_id=device.id, at=at, **values))
    session.commit()


def test_gauges_are_averaged_counters_are_at_their_last_and_gaps_are_empty(
    session: ScopedSession, device: Device
) -> None:
    sampled(session, device, 0, cpu_usage_percent=10.0, network_received_bytes=100, snapshot_fresh=True)
    sampled(session, device, 59.9, cpu_usage_percent=20.0, network_received_bytes=150, snapshot_fresh=False)
    sampled(session, device, 180, cpu_usage_percent=None, memory_usage_bytes=2**40, stream_status="streaming")
    sampled(session, device, 200, stream_status="silent", temperature_celsius=55.5)
    sampled(session, device, 300, cpu_usage_percent=99.0)
    found = device_series.series(session, device, NOW, NOW + timedelta(seconds=300), 60)
    assert (found.start, found.step_seconds, found.points) == (NOW, 60, 5)
    assert found.values["cpu_usage_percent"] == [15.0, None, None, None, None]
    assert found.values["network_received_bytes"] == [150.0, None, None, None, None]
    assert found.values["snapshot_fresh"] == [0.5, None, None, None, None]
    assert found.values["streaming"] == [None, None, None, 0.5, None]
    assert found.values["memory_usage_bytes"] == [None, None, None, 2.0**40, None]
    assert found.values["temperature_celsius"] == [None, None, None, 55.5, None]


def test_a_long_span_has_at_most_a_thousand_points(session: ScopedSession, device: Device) -> None:
    sampled(session, device, 0, cpu_usage_percent=10.0)
    found = device_series.series(session, device, NOW - timedelta(days=90), NOW + timedelta(seconds=1), None)
    assert 990 < found.points <= 1000
    assert len(found.values["cpu_usage_percent"]) == found.points
    assert found.values["cpu_usage_percent"][-1] == 10.0
    assert device_series.series(session, device, NOW, NOW + HOUR, None).step_seconds == 60


def test_a_span_that_does_not_begin_on_a_second_is_covered_whole(session: ScopedSession, device: Device) -> None:
    start = NOW + timedelta(milliseconds=700)
    sampled(session, device, 0.8, cpu_usage_percent=10.0)
    found = device_series.series(session, device, start, start + timedelta(seconds=60), 60)
    assert (found.start, found.points) == (NOW, 2)
    assert found.values["cpu_usage_percent"] == [10.0, None]


def test_another_devices_samples_are_not_in_it(session: ScopedSession, device: Device) -> None:
    other = factories.device(session, factories.tenant(session))
    sampled(session, other, 0, cpu_usage_percent=10.0)
    found = device_series.series(session, device, NOW, NOW + HOUR, None)
    assert set(found.values["cpu_usage_percent"]) == {None}


def test_a_span_that_makes_no_sense_is_refused(session: ScopedSession, device: Device) -> None:
    wrong = [
        (timedelta(0), None, "until"),
        (-HOUR, None, "until"),
        (timedelta(days=401), None, "until"),
        (timedelta(days=2), 60, "step"),
    ]
    for length, step, path in wrong:
        with pytest.raises(InvalidError) as refusal:
            device_series.series(session, device, NOW, NOW + length, step)
        assert refusal.value.faults[0].path == path


def test_over_http_the_last_day_is_the_default(app: Flask, session: ScopedSession, device: Device) -> None:
    sampled(session, device, 0, cpu_usage_percent=12.5)
    viewer = factories.user(session, None, Role.VIEWER)
    viewer.tenant_id = device.tenant_id
    other = factories.user(session, factories.tenant(session), Role.ADMIN)
    session.commit()
    client, headers, url = app.test_client(), factories.headers(viewer), f"/api/metrics/device/{device.id}"
    day = client.get(url, headers=headers).get_json()
    assert (day["device"], day["step_seconds"], day["points"] in (993, 994)) == ("pi-east", 87, True)
    query = "since=2026-03-04T05:06:00Z&until=2026-03-04T05:08:00Z&step=60"
    found = client.get(f"{url}?{query}", headers=headers).get_json()
    assert (found["start"], found["series"]["cpu_usage_percent"]) == ("2026-03-04T05:06:00.000Z", [12.5, None])
    wrong = client.get(f"{url}?{query}&step=0", headers=headers)
    assert wrong.status_code == 422
    short = client.get(f"{url}?since=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z&step=1", headers=headers)
    assert (short.status_code, short.get_json()["faults"][0]["path"]) == (422, "query.step")
    assert client.get(url, headers=factories.headers(other)).status_code == 404
