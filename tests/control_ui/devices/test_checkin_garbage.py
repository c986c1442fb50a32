"""Whatever a Pi sends, nothing breaks, and what makes sense is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import DeviceLog, DeviceState
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from tests.control_ui.devices.conftest import Fleet, agent, report

DEEP: Any = 1
for _ in range(60):
    DEEP = {"x": [DEEP]}
GARBAGE = [
    None, True, 0, -1, 2**70, 1.5, 10.0**30, "", "x" * 5000, "\x00\x00", "\ud800", [], [[]], {}, {"": None}, DEEP,
    [None, 1, "x", {}, {"id": 7, "at": 9, "message": {}, "priority": "high", "unit": []}], {"status": []},
    {"snapshot": {"age_seconds": "old", "config_version": {}}, "conditions": {"name": 1}, "pull": [], "last_apply": 7},
    {"conditions": [{"name": "\x00" * 9}, {"name": "x" * 5000}, 7], "release": "\ud800\x00r" * 99},
    {"network": {"eth0": {"received": 2**63 - 1, "transmitted": "x"}, "eth1": {"received": 2**63 - 1}, "eth2": 5}},
    {"status": "streaming", "interval_seconds": -5, "restarts": 2**64, "last_error": "refused", "quiet": "no"},
]  # fmt: skip
FIELDS = ["device_id", "config_version", "status", "stream", "metrics", "logs", "samples", "action_results", "unheard"]
LINE = {"id": "cursor", "at": "2026-03-04T05:00:00Z", "unit": "carwash-agent.service", "priority": 4, "message": "hot"}


def state(session: ScopedSession, fleet: Fleet) -> DeviceState:
    session.expire_all()
    found = session.scalars(sa.select(DeviceState).where(DeviceState.device_id == fleet.device.id)).one()
    session.commit()  # SQLite has one writer, and it is not the test
    return found


@pytest.mark.parametrize("field", FIELDS)
def test_garbage_in_a_field_loses_that_field_only(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, field: str
) -> None:
    for garbage in GARBAGE:
        if field == "device_id" and isinstance(garbage, str):
            continue  # that is another device's name
        sent = report(logs=[LINE]) | {field: garbage}
        answer = client.post("/api/agent/checkin", data=json.dumps(sent), headers=agent() | _JSON)
        assert answer.status_code == 200, garbage
        found = state(session, fleet)
        assert found.last_seen_at is not None
        if field not in ("metrics", "status"):
            assert found.report["metrics"]["temperature_celsius"] == 51.5
        if field != "config_version":
            assert found.config_version == 6
    assert session.query(DeviceLog).count() >= 1


@pytest.mark.parametrize("body", ["NaN", '{"metrics": {"cpu_usage_percent": NaN, "memory_usage_bytes": 1e999}}'])
def test_numbers_that_json_does_not_have_do_no_harm(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, body: str
) -> None:
    answer = client.post("/api/agent/checkin", data=body, headers=agent() | _JSON)
    assert answer.status_code == (422 if body == "NaN" else 200)
    if answer.status_code == 200:
        assert state(session, fleet).report["metrics"] == {"cpu_usage_percent": None, "memory_usage_bytes": None}


@pytest.mark.parametrize(
    ("body", "status"), [("[]", 422), ("7", 422), ("{", 400), ("", 400), ("[" * 100_000, 400), ("1" * 5000, 400)]
)
@pytest.mark.usefixtures("fleet")
def test_what_is_no_report_at_all_is_refused_in_words(client: FlaskClient, body: str, status: int) -> None:
    answer = client.post("/api/agent/checkin", data=body, headers=agent() | _JSON)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


@pytest.mark.usefixtures("fleet")
def test_a_report_beyond_all_bounds_is_refused(client: FlaskClient) -> None:
    huge = json.dumps({"logs": "x" * (5 * 1024 * 1024)})
    assert client.post("/api/agent/checkin", data=huge, headers=agent() | _JSON).status_code == 413


def test_a_part_that_is_too_large_to_keep_is_left_out(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    large = {f"key {number}": "x" * 1500 for number in range(100)}
    sent = report() | {"metrics": large}
    assert client.post("/api/agent/checkin", json=sent, headers=agent()).status_code == 200
    found = state(session, fleet)
    assert found.report["metrics"] is None
    assert found.status == DeviceStatus.ONLINE


def test_without_any_of_its_parts_a_device_is_seen_and_not_well(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    assert client.post("/api/agent/checkin", json={}, headers=agent()).status_code == 200
    found = state(session, fleet)
    assert found.status == DeviceStatus.DEGRADED
    assert found.status_reasons == ["no picture: the stream service has not reported since it started"]


_JSON = {"Content-Type": "application/json"}
