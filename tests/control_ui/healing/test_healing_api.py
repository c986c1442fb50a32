"""The rules, the switch, and what was tried, over the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from control_ui.models import HealingDefault, HealingRule
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories
from tests.control_ui.healing.conftest import MINUTE, SECOND, Ward, stuck
from tests.control_ui.runs.caller import Caller

RULE: dict[str, Any] = {
    "after_seconds": 30, "action": "restart units", "cooldown_seconds": 60, "most_attempts": 3,
    "window_seconds": 3600, "then": "next", "unattended": True, "reason": "ours are slow to start",
}  # fmt: skip
PATH = "/healing/rules/stream_not_reporting/1"


@pytest.fixture
def ours(app: Flask, ward: Ward) -> Caller:
    tenant = ward.tenant(slug="ours")
    ward.device(tenant, "pi-ours")
    admin = factories.user(ward.session, tenant, Role.ADMIN)
    ward.session.commit()
    return Caller(app, admin, ward.session)


@pytest.fixture
def platform(app: Flask, ward: Ward) -> Caller:
    admin = factories.user(ward.session, None, Role.PLATFORM_ADMIN)
    ward.session.commit()
    return Caller(app, admin, ward.session)


def rule(caller: Caller) -> dict[str, Any]:
    items = caller.get("/healing/rules").get_json()["items"]
    found: dict[str, Any] = next(
        item for item in items if (item["condition"], item["step"]) == ("stream_not_reporting", 1)
    )
    return found


def test_a_tenants_own_rule_stands_instead_of_the_platforms_and_is_in_force_at_once(ward: Ward, ours: Caller) -> None:
    assert (rule(ours)["own"], rule(ours)["after_seconds"]) == (False, 120)
    answer = ours.put(PATH, RULE, '"1"')
    assert answer.status_code == 200, answer.text
    assert (rule(ours)["own"], rule(ours)["after_seconds"]) == (True, 30)
    (device,) = ward.devices()
    ward.checks_in(device, stuck())
    assert ward.rounds(25 * SECOND) == 0
    assert ward.rounds(10 * SECOND) == 1
    (entry,) = ward.audited("healing.rule_change")
    assert entry.before
    assert entry.after
    assert (entry.before["after_seconds"], entry.after["after_seconds"], entry.reason) == (120, 30, RULE["reason"])


def test_a_rule_that_was_changed_meanwhile_is_not_overwritten(ours: Caller) -> None:
    assert ours.put(PATH, RULE, '"1"').status_code == 200
    assert ours.put(PATH, RULE | {"most_attempts": 4}, '"1"').status_code == 200, "its own begins at 1"
    assert ours.put(PATH, RULE | {"most_attempts": 5}, '"1"').status_code == 412


def test_back_to_the_platforms_rule(ward: Ward, ours: Caller) -> None:
    assert ours.delete(PATH, '"1"').status_code == 404, "there is none of its own"
    ours.put(PATH, RULE, '"1"')
    assert ours.delete(PATH, '"1"').status_code == 204
    assert rule(ours)["own"] is False
    assert ward.session.query(HealingRule).count() == 0


def test_the_platforms_rule_is_the_platforms_to_change(platform: Caller, ours: Caller, session: ScopedSession) -> None:
    assert platform.put(PATH, RULE, '"1"').status_code == 200
    assert (rule(ours)["own"], rule(ours)["after_seconds"]) == (False, 30)
    assert session.query(HealingDefault).filter_by(condition="stream_not_reporting", step=1).one().row_version == 2


@pytest.mark.parametrize("bad", [{"reason": " "}, {"most_attempts": 0}, {"window_seconds": 1}, {"action": "dance"}])
def test_a_rule_that_makes_no_sense_is_refused(ours: Caller, bad: dict[str, Any]) -> None:
    assert ours.put(PATH, RULE | bad, '"1"').status_code == 422
    assert rule(ours)["own"] is False


def test_there_is_no_rule_for_what_is_no_condition(ours: Caller) -> None:
    assert ours.put("/healing/rules/boredom/1", RULE, '"1"').status_code == 404


def test_a_tenant_stops_its_own_and_goes_on(ward: Ward, ours: Caller) -> None:
    other = ward.device(ward.tenant())
    (mine, _) = ward.devices()
    assert ours.post("/healing/pause", {"reason": ""}).status_code == 422
    assert ours.post("/healing/pause", {"reason": "we rewire"}).status_code == 200
    assert ours.post("/healing/pause", {"reason": "again"}).status_code == 409
    assert ours.get("/healing").get_json()["paused"]["reason"] == "we rewire"
    for device in (mine, other):
        ward.checks_in(device, stuck())
    ward.rounds(3 * MINUTE, 10 * SECOND)
    assert [action.device_id for action in ward.actions()] == [other.id]
    assert "paused by" in ours.get("/healing/cases").get_json()["items"][0]["note"]
    assert ours.post("/healing/resume", {"reason": ""}).status_code == 200
    assert ours.post("/healing/resume", {"reason": ""}).status_code == 409
    assert [entry.action for entry in (*ward.audited("healing.pause"), *ward.audited("healing.resume"))] == [
        "healing.pause", "healing.resume",
    ]  # fmt: skip


def test_the_platform_stops_everybody(ward: Ward, ours: Caller, platform: Caller) -> None:
    assert platform.post("/healing/pause", {"reason": "a new release"}).status_code == 200
    assert ours.get("/healing").get_json()["paused"]["platform"] is True
    assert ours.post("/healing/resume", {"reason": ""}).status_code == 409, "not theirs to lift"
    (device,) = ward.devices()
    ward.checks_in(device, stuck())
    assert ward.rounds(3 * MINUTE, 10 * SECOND) == 0
    assert "a new release" in ours.get("/healing").get_json()["brake"]
    assert platform.post("/healing/resume", {"reason": ""}).status_code == 200
    assert ward.rounds(10 * SECOND) == 1


def test_attempts_are_listed_with_their_runs(ward: Ward, ours: Caller) -> None:
    (device,) = ward.devices()
    ward.checks_in(device, stuck())
    ward.rounds(3 * MINUTE, 10 * SECOND)
    (item,) = ours.get("/healing/actions", device_id=device.id).get_json()["items"]
    (run,) = ward.runs()
    assert (item["state"], item["action"], item["run_id"]) == ("running", "restart units", run.id)
    assert ours.get("/healing/actions", state="healed").get_json()["items"] == []


def test_an_incident_names_its_devices(ward: Ward, ours: Caller) -> None:
    tenant = ward.devices()[0].tenant_id
    assert tenant
    devices = ward.devices() + [ward.device(_tenant(ward)) for _ in range(2)]
    for device in devices:
        ward.falls_silent(device)
    ward.round()
    (incident,) = ours.get("/incidents").get_json()["items"]
    assert "control plane's own" in incident["cause"]
    shown = ours.get(f"/incidents/{incident['id']}").get_json()
    assert shown["device_ids"] == sorted(device.id for device in devices)


def _tenant(ward: Ward) -> Any:
    from control_ui.models import Tenant

    return ward.session.query(Tenant).filter_by(slug="ours").one()
