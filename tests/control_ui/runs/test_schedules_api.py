"""Restarting devices, and schedules, over the API."""

from __future__ import annotations

from typing import Any

from control_ui.models import DeviceAction, Run
from control_ui.models.runs import RunState
from control_ui.models.scope import ScopedSession
from tests.control_ui.runs import flow
from tests.control_ui.runs.caller import Caller
from tests.control_ui.runs.conftest import Fleet


def test_a_device_is_restarted_by_a_run(session: ScopedSession, fleet: Fleet, operator: Caller) -> None:
    sent = {"units": ["carwash-stream", "carwash-stream"], "reason": "it hangs"}
    answer = operator.post(f"/devices/{fleet.devices[0].id}/restart", sent)
    assert (answer.status_code, answer.get_json()["action_id"]) == (202, None)
    run = session.get_one(Run, answer.get_json()["run_id"])
    assert (run.playbook, run.variables) == ("restart", {"restart_units": ["carwash-stream"]})
    assert list(flow.hosts_of(session, run)) == ["pi-01"]


def test_a_device_is_restarted_by_its_agent(session: ScopedSession, fleet: Fleet, operator: Caller) -> None:
    device = fleet.devices[0]
    path = f"/devices/{device.id}/restart"
    assert operator.post(path, {"via": "agent"}).status_code == 409  # it has no token, and never checks in
    device.token_sha256 = "0" * 64
    session.commit()
    answer = operator.post(path, {"via": "agent", "reason": "it hangs"})
    assert (answer.status_code, answer.get_json()["run_id"]) == (202, None)
    action = session.get_one(DeviceAction, answer.get_json()["action_id"])
    assert (action.kind, action.reason) == ("restart_units", "it hangs")
    refused = operator.post(path, {"via": "agent", "units": ["carwash-stream"]})
    assert (refused.status_code, refused.get_json()["faults"][0]["path"]) == (422, "$.units")


def test_with_four_eyes_a_device_is_restarted_only_by_a_run(
    session: ScopedSession, fleet: Fleet, operator: Caller
) -> None:
    fleet.tenant.requires_approval = True
    fleet.devices[0].token_sha256 = "0" * 64
    session.commit()
    path = f"/devices/{fleet.devices[0].id}/restart"
    assert operator.post(path, {"via": "agent"}).status_code == 409
    answer = operator.post(path, {})
    assert session.get_one(Run, answer.get_json()["run_id"]).state == RunState.PROPOSED


def schedule(**values: Any) -> dict[str, Any]:
    return {
        "name": "nightly",
        "cron": "30 2 * * *",
        "timezone": "America/Chicago",
        "playbook": "look",
        "target": {"all": True},
    } | values


def test_schedules_are_made_read_changed_and_deleted(fleet: Fleet, operator: Caller) -> None:
    made = operator.post("/schedules", schedule())
    path = f"/schedules/{made.get_json()['id']}"
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert made.get_json()["next_at"] is not None
    assert operator.post("/schedules", schedule()).status_code == 409
    assert [one["name"] for one in operator.get("/schedules").get_json()["items"]] == ["nightly"]
    changed = operator.put(path, schedule(enabled=False), made.headers["ETag"])
    assert (changed.status_code, changed.get_json()["next_at"]) == (200, None)
    assert operator.put(path, schedule(), made.headers["ETag"]).status_code == 412
    assert operator.delete(path, made.headers["ETag"]).status_code == 412
    assert operator.get(path).headers["ETag"] == changed.headers["ETag"]
    assert operator.delete(path, changed.headers["ETag"]).status_code == 204
    assert operator.get(path).status_code == 404


def test_what_is_wrong_with_a_schedule_is_told_by_path(fleet: Fleet, operator: Caller) -> None:
    answer = operator.post("/schedules", schedule(cron="61 2 * * *"))
    assert (answer.status_code, answer.get_json()["faults"][0]["path"]) == (422, "$.cron")
    assert operator.post("/schedules", schedule(timezone="Mars/Olympus")).status_code == 422
