"""Rounds on a database: from a device that falls ill to one that is well, or to a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from control_ui.models import (
    Alert,
    ConfigVersion,
    DeploymentDevice,
    Device,
    DeviceAction,
    DeviceStatusChange,
    Incident,
    Silence,
)
from control_ui.models.alerts import AlertState
from control_ui.models.devices import DeviceStatus
from control_ui.models.healing import ActionState, CaseState, RuleAction
from control_ui.models.runs import HostOutcome, RunState
from control_ui.services.actor import system
from control_ui.services.configuration.desire import want
from control_ui.services.devices import records
from control_ui.services.healing.escalated import escalated
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.healing.conftest import MINUTE, SECOND, Ward, no_picture, stuck, told


def test_a_stream_that_does_not_report_is_restarted_by_a_run_and_seen_to_be_healed(ward: Ward) -> None:
    device = ward.device(ward.tenant(), "pi-1")
    ward.checks_in(device, stuck())
    assert ward.rounds(115 * SECOND) == 0
    assert ward.rounds(20 * SECOND) == 1
    (run,) = ward.runs()
    assert (run.playbook, run.requested_by, run.state) == ("restart", "self-healing", RunState.QUEUED)
    assert "does not report" in run.reason
    ward.ends(run)
    ward.later(10 * SECOND)
    ward.checks_in(device)
    ward.later(SECOND)
    ward.round()
    (action,), (case,) = ward.actions(), ward.cases()
    assert (action.state, action.run_id, action.done_at is not None) == (ActionState.HEALED, run.id, True)
    assert (case.state, case.note) == (CaseState.CLOSED, "healed: restart units")
    assert [entry.actor_name for entry in ward.audited("healing.begin")] == ["self-healing"]
    assert [(entry.after or {})["state"] for entry in ward.audited("healing.end")] == ["healed"]


def test_what_does_not_help_is_tried_again_after_its_cooldown_and_then_the_next_step_and_then_a_person(
    ward: Ward,
) -> None:
    device = ward.device(ward.tenant())
    for _ in range(400):
        ward.checks_in(device, stuck())
        ward.round()
        for run in ward.runs():
            if run.state == RunState.QUEUED:
                ward.ends(run)
        ward.later(10 * SECOND)
    assert [action.action for action in ward.actions()] == [
        RuleAction.RESTART_UNITS, RuleAction.RESTART_UNITS, RuleAction.REBOOT,
    ]  # fmt: skip
    assert {action.state for action in ward.actions()} == {ActionState.NOT_HEALED}
    (case,) = ward.cases()
    assert case.state == CaseState.ESCALATED
    assert "3 attempts did not help" in case.note
    assert [(row.device_id, row.condition) for row in escalated(ward.session)] == [(device.id, "stream_not_reporting")]
    assert len(ward.audited("healing.escalate")) == 1


@pytest.mark.parametrize(
    ("error", "condition"),
    [("unauthorized", "camera_password"), ("not found", "camera_path"), ("unreachable", "camera_away")],
)
def test_what_no_restart_mends_goes_to_a_person_without_any_attempt(ward: Ward, error: str, condition: str) -> None:
    device = ward.device(ward.tenant())
    ward.checks_in(device, no_picture(error=error))
    assert ward.rounds(6 * MINUTE, 10 * SECOND) == 0
    (row,) = escalated(ward.session)
    assert (row.condition, row.cause) == (condition, error)
    ward.checks_in(device)
    ward.round()
    assert escalated(ward.session) == []


def test_a_device_that_is_silent_and_out_of_reach_is_a_persons_after_one_attempt(ward: Ward) -> None:
    device = ward.device(ward.tenant())
    ward.falls_silent(device)
    assert ward.rounds(130 * SECOND) == 1
    ward.ends(ward.runs()[0], HostOutcome.UNREACHABLE)
    ward.rounds(10 * MINUTE, 15 * SECOND)
    (action,) = ward.actions()
    assert (action.action, action.state) == (RuleAction.RESTART_AGENT, ActionState.UNREACHABLE)
    (row,) = escalated(ward.session)
    assert (row.condition, row.cause) == ("offline", "unreachable")
    assert "power or its network" in row.words


def test_a_device_that_ssh_reaches_gets_its_agent_restarted_and_then_a_reboot(ward: Ward) -> None:
    device = ward.device(ward.tenant())
    ward.falls_silent(device)
    for _ in range(100):
        ward.round()
        for run in ward.runs():
            if run.state == RunState.QUEUED:
                ward.ends(run)
        ward.later(10 * SECOND)
    assert [action.action for action in ward.actions()] == [RuleAction.RESTART_AGENT, RuleAction.REBOOT]


def test_a_device_behind_nat_is_asked_through_its_mailbox(ward: Ward) -> None:
    device = ward.device(ward.tenant(), address="", ssh_host_keys=[])
    ward.checks_in(device, told("api_not_answering"))
    assert ward.rounds(200 * SECOND) == 1
    (mail,) = ward.session.query(DeviceAction)
    assert (mail.kind, ward.runs()) == ("restart_units", [])
    mail.result, mail.finished_at = "ok", ward.now
    ward.session.commit()
    ward.later(5 * SECOND)
    ward.checks_in(device)
    ward.round()
    assert [action.state for action in ward.actions()] == [ActionState.HEALED]


def test_mail_that_was_not_fetched_is_a_failed_attempt(ward: Ward) -> None:
    device = ward.device(ward.tenant(), address="", ssh_host_keys=[])
    ward.checks_in(device, told("api_not_answering"))
    ward.rounds(200 * SECOND)
    (mail,) = ward.session.query(DeviceAction)
    mail.result, mail.finished_at = "expired", ward.now
    ward.session.commit()
    ward.later(4 * MINUTE)
    ward.checks_in(device, told("api_not_answering"))
    ward.round()
    assert [(action.state, action.note) for action in ward.actions()] == [
        (ActionState.FAILED, "the Pi did not fetch it in time")
    ]


def test_tenants_with_four_eyes_get_restarts_but_no_configuration_without_a_person(ward: Ward) -> None:
    tenant = ward.tenant(requires_approval=True)
    device, other = ward.device(tenant), ward.device(tenant)
    ward.checks_in(device, stuck())
    ward.checks_in(other, told("config_damaged"))
    ward.rounds(3 * MINUTE)
    (run,) = ward.runs()
    assert (run.state, run.playbook) == (RunState.QUEUED, "restart")
    (row,) = escalated(ward.session)
    assert (row.device_id, row.condition) == (other.id, "configuration_damaged")
    assert "approval" in row.words


def test_a_configuration_changed_at_the_pi_is_replaced_by_the_wanted_one_under_a_new_number(ward: Ward) -> None:
    device = ward.device(ward.tenant(), config_version=2)
    version = factories.config_version(ward.session, device, 2)
    want(ward.session, device, version, expires_at=None, now=ward.now)
    ward.session.commit()
    ward.later(5 * SECOND)
    ward.checks_in(device, runs=3)
    assert ward.rounds(130 * SECOND) == 1
    (action,) = ward.actions()
    assert (action.action, action.run_id) == (RuleAction.RESTORE_CONFIGURATION, None)
    mine = sa.select(DeploymentDevice).where(DeploymentDevice.deployment_id == action.deployment_id)
    (row,) = ward.session.scalars(mine)
    restored = ward.session.get_one(ConfigVersion, row.config_version_id)
    assert (restored.number, restored.restores_id) == (4, version.id)


def test_a_device_that_comes_and_goes_is_held_and_told_to_a_person(ward: Ward) -> None:
    device = ward.device(ward.tenant())
    for turn in range(12):
        status = DeviceStatus.OFFLINE if turn % 2 else DeviceStatus.ONLINE
        changes(ward, device, status)
        ward.later(MINUTE)
    ward.checks_in(device)
    ward.rounds(10 * SECOND)
    held = ward.session.get_one(Device, device.id, populate_existing=True)
    assert held.held_reason.startswith("quarantined by self-healing: Comes and goes")
    assert [action.state for action in ward.actions()] == [ActionState.DONE]
    assert [row.condition for row in escalated(ward.session)] == ["flapping"]
    assert len(ward.audited("device.hold")) == 1


def changes(ward: Ward, device: Device, status: DeviceStatus) -> None:
    ward.session.add(
        DeviceStatusChange(tenant_id=device.tenant_id, device_id=device.id, at=ward.now, status=status, reasons=[])
    )
    ward.session.commit()


@pytest.mark.parametrize("why", ["held", "maintenance", "silenced", "run"])
def test_a_device_that_somebody_is_at_work_on_is_left_alone(ward: Ward, why: str) -> None:
    tenant = ward.tenant()
    device = ward.device(tenant)
    if why == "held":
        device.held_reason = "on the bench"
    elif why == "maintenance":
        days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        device.site.maintenance_windows = [{"days": days, "start": "00:00", "minutes": 1440}]
    elif why == "silenced":
        ward.session.add(
            Silence(
                tenant_id=tenant.id, comment="we are there", created_by="somebody", created_at=NOW,
                ends_at=NOW + timedelta(days=1), site_id=device.site_id,
            )
        )  # fmt: skip
    else:
        factories.run(ward.session, [device], state=RunState.RUNNING)
    ward.session.commit()
    ward.checks_in(device, stuck())
    assert ward.rounds(15 * MINUTE, 20 * SECOND) == 0
    (case,) = ward.cases()
    assert {"held": "held", "maintenance": "maintenance", "silenced": "silenced", "run": "at work"}[why] in case.note


def test_a_device_without_runs_is_removed_with_its_cases(ward: Ward) -> None:
    device = ward.device(ward.tenant(), address="", ssh_host_keys=[])
    ward.checks_in(device, told("api_not_answering"))
    ward.rounds(200 * SECOND)
    fresh = ward.session.get_one(Device, device.id, populate_existing=True)
    records.remove(ward.session, system("a test"), fresh, reason="gone", now=ward.now)
    assert (ward.cases(), ward.actions()) == ([], [])
    assert ward.round().begun == 0


def test_no_more_than_the_brake_allows_are_treated_at_once(ward: Ward) -> None:
    tenant = ward.tenant()
    devices = [ward.device(tenant) for _ in range(40)]
    for device in devices[:4]:
        ward.checks_in(device, stuck())
    ward.rounds(5 * MINUTE, 10 * SECOND)
    assert len(ward.actions()) == 2, "5 % of 40"
    first = ward.actions()[0]
    ward.ends(next(run for run in ward.runs() if run.id == first.run_id))
    ward.later(10 * SECOND)
    ward.checks_in(next(device for device in devices if device.id == first.device_id))
    ward.rounds(20 * SECOND)
    assert len(ward.actions()) == 3


def test_a_wide_outage_is_one_incident_with_its_cause_and_nothing_is_restarted(ward: Ward) -> None:
    tenant = ward.tenant()
    west = [ward.device(tenant, address=f"10.1.0.{n}") for n in range(1, 5)]
    east = [ward.device(tenant, address=f"10.2.0.{n}", region="east") for n in range(1, 7)]
    alert = Alert(
        tenant_id=tenant.id, device_id=west[0].id, fingerprint="f", name="DeviceOffline", severity="critical",
        state=AlertState.FIRING, labels={}, starts_at=ward.now, received_at=ward.now,
    )  # fmt: skip
    ward.session.add(alert)
    ward.session.commit()
    for device in west:
        ward.falls_silent(device)
    for _ in range(60):
        for device in east:
            ward.checks_in(device)
        assert ward.round().begun == 0
        ward.later(10 * SECOND)
    (incident,) = ward.session.query(Incident)
    assert (incident.tenant_id, incident.closed_at) == (tenant.id, None)
    assert incident.title == "Does not check in: 4 sites at once"
    assert "10.1.0.0/24: All 4 affected sites have it, and none of the 6 others" in incident.cause
    assert (ward.actions(), escalated(ward.session)) == ([], [])
    ward.session.refresh(alert)
    assert alert.incident_id == incident.id
    for device in west:
        ward.checks_in(device)
    ward.round()
    ward.round()
    ward.session.refresh(incident)
    assert incident.closed_at is not None
    assert [entry.actor_name for entry in ward.audited("incident.close")] == ["self-healing"]


def test_an_outage_of_one_small_tenant_does_not_keep_the_others_from_being_healed(ward: Ward) -> None:
    small, large = ward.tenant(), ward.tenant()
    gone = [ward.device(small) for _ in range(4)]
    others = [ward.device(large, region="east") for _ in range(40)]
    for device in gone:
        ward.falls_silent(device)
    ward.checks_in(others[0], stuck())
    assert ward.rounds(3 * MINUTE, 10 * SECOND) == 1
    assert [action.device_id for action in ward.actions()] == [others[0].id]
