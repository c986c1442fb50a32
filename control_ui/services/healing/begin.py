"""Begins an attempt: its row, what it asks for (a run, an entry in the mailbox, a rollback) and the audit entries are
one transaction, so that a control plane that dies at any point has either begun it or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from control_ui.models import Device, HealingAction, HealingCase
from control_ui.models.healing import ActionState, CaseState, RuleAction
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor, system
from control_ui.services.audit.trail import Subject, record
from control_ui.services.configuration.desire import wanted
from control_ui.services.deployments.to_a_point import Point, roll_back_to
from control_ui.services.devices import mailbox
from control_ui.services.errors import ConflictError
from control_ui.services.healing.conditions import CONDITIONS
from control_ui.services.healing.plain import Start
from control_ui.services.rows import fetch
from control_ui.services.runs.requests import RunRequest, request

NAME = "self-healing"
_RUNS: dict[RuleAction, tuple[str, dict[str, Any]]] = {
    RuleAction.RESTART_STREAM: ("restart", {"restart_units": ["carwash-stream"]}),
    RuleAction.RESTART_UNITS: ("restart", {}),
    RuleAction.RESTART_AGENT: ("restart", {"restart_units": ["carwash-agent"]}),
    RuleAction.REBOOT: ("reboot", {}),
    RuleAction.REDEPLOY_CONFIGURATION: ("configure", {}),
}
_MAIL = {
    RuleAction.RESTART_STREAM: "restart_stream",
    RuleAction.RESTART_UNITS: "restart_units",
    RuleAction.REBOOT: "reboot",
}
MAIL_LIFETIME_SECONDS = 180


@dataclass(frozen=True)
class Asked:
    """What an attempt rests on."""

    state: ActionState = ActionState.RUNNING
    run_id: int | None = None
    mailbox_id: str | None = None
    deployment_id: int | None = None
    note: str = ""


def actor_for(tenant_id: int) -> Actor:
    return system(NAME, tenant_id)


def begin(session: ScopedSession, case_id: int, start: Start, now: datetime) -> HealingAction:
    """The attempt, whose switch row must be locked. Raises ServiceError where it cannot be asked for. Does not
    commit."""
    case = fetch(session, HealingCase, case_id, "case")
    device = fetch(session, Device, case.device_id, "device")
    actor, rule = actor_for(case.tenant_id), start.rule
    title = CONDITIONS[case.condition].title
    reason = f"{title} since {case.since:%Y-%m-%d %H:%M:%S} UTC ({case.words}): {rule.action}, attempt {start.number}"
    asked = _ask(session, actor, device, start, reason, now)
    action = HealingAction(
        tenant_id=case.tenant_id, case_id=case.id, device_id=device.id, condition=case.condition, cause=case.cause,
        step=rule.step, action=rule.action, attempt=start.number, reason=reason, state=asked.state, note=asked.note,
        run_id=asked.run_id, mailbox_id=asked.mailbox_id, deployment_id=asked.deployment_id, started_at=now,
        done_at=None if asked.state == ActionState.RUNNING else now,
        finished_at=None if asked.state == ActionState.RUNNING else now,
    )  # fmt: skip
    session.add(action)
    case.note = f"{rule.action} is under way"
    session.flush()
    after = {"device": device.name, "condition": case.condition, "cause": case.cause} | told(action)
    subject = Subject("device", device.id, device.name)
    record(session, actor, "healing.begin", subject, tenant_id=case.tenant_id, reason=reason, after=after, at=now)
    return action


def told(action: HealingAction) -> dict[str, Any]:
    """An attempt as the audit trail tells of it."""
    return {
        "healing_action": action.id,
        "action": action.action,
        "attempt": action.attempt,
        "state": action.state,
        "run_id": action.run_id,
        "mailbox_id": action.mailbox_id,
        "deployment_id": action.deployment_id,
    }


def still_open(session: ScopedSession, case_id: int) -> bool:
    """Whether a case may be treated, as the database has it now."""
    case = session.get(HealingCase, case_id, populate_existing=True)
    return case is not None and case.state == CaseState.OPEN


def _ask(session: ScopedSession, actor: Actor, device: Device, start: Start, reason: str, now: datetime) -> Asked:
    action = start.rule.action
    if action == RuleAction.QUARANTINE:
        return _quarantine(session, actor, device, reason, now)
    if point := _point(device, action, now):
        rollback = roll_back_to(session, actor, {"device_ids": [device.id]}, point, reason, now, commit=False)
        return Asked(deployment_id=rollback.id)
    if start.by_run:
        playbook, variables = _RUNS[action]
        asked_for = RunRequest(
            playbook, {"device_ids": [device.id]}, variables, reason=reason, standing_approval=start.rule.unattended
        )
        return Asked(run_id=request(session, actor, asked_for, now, commit=False).id)
    mail = mailbox.ask(
        session, actor, device, _MAIL[action], reason, MAIL_LIFETIME_SECONDS, now,
        commit=False, standing_approval=start.rule.unattended,
    )  # fmt: skip
    return Asked(mailbox_id=mail.id)


def _point(device: Device, action: RuleAction, now: datetime) -> Point | None:
    """Where an action takes the configuration, if that is what it does. Raises ConflictError."""
    if action == RuleAction.ROLL_BACK_CONFIGURATION:
        return Point(previous=True)
    if action == RuleAction.RESTORE_CONFIGURATION:
        target = wanted(device.state, now)
        if target is None:
            raise ConflictError(f"no configuration is wanted of {device.name} any more")
        return Point(version=target.number)
    return None


def _quarantine(session: ScopedSession, actor: Actor, device: Device, reason: str, now: datetime) -> Asked:
    """No mutating run touches it until a person lifts it."""
    before, device.held_reason = device.held_reason, f"quarantined by {NAME}: {reason}"
    session.flush()
    record(
        session, actor, "device.hold", Subject("device", device.id, device.name), tenant_id=device.tenant_id,
        reason=reason, before={"held_reason": before}, after={"held_reason": device.held_reason}, at=now,
    )  # fmt: skip
    return Asked(ActionState.DONE, note="held: no run that changes anything touches it until a person lifts it")
