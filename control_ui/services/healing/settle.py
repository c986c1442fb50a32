"""What came of attempts: known from evidence, not from the run alone. A device is healed when it has checked in since,
and what was wrong is no longer found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import Deployment, DeviceAction, HealingAction, HealingCase, HostResult, Run
from control_ui.models.deployments import FINAL_DEPLOYMENT_STATES
from control_ui.models.healing import ActionState
from control_ui.models.runs import FINAL_RUN_STATES, HostOutcome, RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.audit.trail import Subject, record
from control_ui.services.devices import mailbox
from control_ui.services.healing.begin import actor_for, told
from control_ui.services.healing.cases import HEALED
from control_ui.services.healing.conditions import CONDITIONS
from control_ui.services.healing.plain import Patient
from control_ui.services.rows import swap

EVIDENCE_WITHIN = timedelta(minutes=3)
"""So long after it was through, a device may take until it is seen to be well."""


@dataclass(frozen=True)
class Report:
    """What the run, the mailbox or the rollback says. `at` is None while it is under way."""

    at: datetime | None = None
    failure: str = ""
    unreachable: bool = False


@dataclass(frozen=True)
class Result:
    """None of `state`: not known yet."""

    state: ActionState | None
    note: str = ""


def verdict(condition: str, done_at: datetime | None, report: Report, patient: Patient | None, now: datetime) -> Result:
    """Of an attempt against `condition` that was through at `done_at` (None: it is not). A pure function."""
    if done_at is None:
        return Result(None)
    if report.unreachable:
        return Result(ActionState.UNREACHABLE, report.failure or "SSH does not reach it")
    if patient is not None and patient.heard and patient.last_seen_at is not None and patient.last_seen_at > done_at:
        left = [found for found in patient.findings if _same(found.condition, condition)]
        if not left:
            return Result(ActionState.HEALED, "it has checked in since, and is well")
        if not report.failure and now - done_at <= EVIDENCE_WITHIN:
            return Result(None)
        return Result(ActionState.FAILED if report.failure else ActionState.NOT_HEALED, report.failure or left[0].words)
    if now - done_at <= EVIDENCE_WITHIN and patient is not None:
        return Result(None)
    words = "it has not checked in since"
    return Result(ActionState.FAILED if report.failure else ActionState.NOT_HEALED, report.failure or words)


def _same(found: str, condition: str) -> bool:
    """Whether this is the trouble still: of a picture, any trouble of the picture."""
    return found == condition or (CONDITIONS[found].picture and CONDITIONS[condition].picture)


def settle(session: ScopedSession, patients: Mapping[int, Patient], now: datetime) -> int:
    """Note what is known of every attempt under way; gives how many ended. The switch row must be locked. Does not
    commit."""
    query = sa.select(HealingAction).where(HealingAction.state == ActionState.RUNNING).order_by(HealingAction.id)
    ended = 0
    for action in session.scalars(query.execution_options(populate_existing=True)).all():
        report = _report(session, action)
        if action.done_at is None and report.at is not None:
            action.done_at = report.at
        result = verdict(action.condition, action.done_at, report, patients.get(action.device_id), now)
        if result.state is not None:
            ended += _end(session, action, result.state, result.note, now)
    session.flush()
    return ended


def _end(session: ScopedSession, action: HealingAction, state: ActionState, note: str, now: datetime) -> bool:
    values: dict[str, Any] = {"state": state, "note": note, "finished_at": now, "done_at": action.done_at}
    if not swap(session, HealingAction, action.id, HealingAction.state, ActionState.RUNNING, values):
        return False
    session.refresh(action)
    if state == ActionState.HEALED:
        session.get_one(HealingCase, action.case_id).note = f"{HEALED} {action.action}"
    record(
        session, actor_for(action.tenant_id), "healing.end", Subject("device", action.device_id),
        tenant_id=action.tenant_id, reason=note, before={"state": ActionState.RUNNING}, after=told(action), at=now,
    )  # fmt: skip
    return True


def _report(session: ScopedSession, action: HealingAction) -> Report:
    if action.run_id is not None:
        return _of_run(session, action.run_id, action.device_id)
    if action.mailbox_id is not None:
        return _of_mailbox(session, action.mailbox_id)
    if action.deployment_id is not None:
        return _of_deployment(session, action.deployment_id)
    return Report(action.started_at)


def _of_run(session: ScopedSession, run_id: int, device_id: int) -> Report:
    query = (
        sa.select(Run.state, Run.finished_at, Run.error, HostResult.outcome, HostResult.message)
        .join(HostResult, HostResult.run_id == Run.id)
        .where(Run.id == run_id, HostResult.device_id == device_id)
    )
    state, finished_at, error, outcome, message = session.execute(query).one()
    if state not in FINAL_RUN_STATES:
        return Report()
    if outcome == HostOutcome.UNREACHABLE:
        return Report(finished_at, f"SSH does not reach it: {message}".removesuffix(": "), unreachable=True)
    if outcome in (HostOutcome.OK, HostOutcome.CHANGED) and state != RunState.LOST:
        return Report(finished_at)
    words = message or error
    return Report(finished_at, f"run {run_id} is {state}, the device {outcome or 'was not done'}: {words}".rstrip(": "))


def _of_mailbox(session: ScopedSession, mailbox_id: str) -> Report:
    mail = session.get_one(DeviceAction, mailbox_id, populate_existing=True)
    if mail.result == mailbox.EXPIRED:
        return Report(mail.finished_at, "the Pi did not fetch it in time")
    if mail.result in ("failed", "refused"):
        return Report(mail.finished_at, f"the Pi said: {mail.result}. {mail.detail or ''}".strip())
    if mail.result == mailbox.STARTED:  # of a reboot no more may ever be heard
        return Report(mail.finished_at or mail.offered_at)
    return Report(mail.finished_at)


def _of_deployment(session: ScopedSession, deployment_id: int) -> Report:
    deployment = session.get_one(Deployment, deployment_id, populate_existing=True)
    if deployment.state not in FINAL_DEPLOYMENT_STATES:
        return Report()
    failed = deployment.state != "succeeded"
    return Report(deployment.finished_at, f"{deployment.stop_reason or deployment.state}" if failed else "")
