"""Four eyes: a proposed run waits until another person has approved the very diff that its check-mode run showed.

Approved is what was seen: the diff, and with it the playbooks' revision and every host's inputs. A host whose effect
could not be shown is held. Before a worker starts an approved run, it makes sure that nothing has changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import Approval, Deployment, HostResult, Run, User
from control_ui.models.runs import Decision, HostOutcome, HostProgress, RunState
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor, system
from control_ui.services.audit.trail import REFUSED, Subject, record
from control_ui.services.errors import ConflictError, ForbiddenError
from control_ui.services.pages import Page, paginate
from control_ui.services.permissions import Permission
from control_ui.services.runs import inputs

LIFETIME = timedelta(hours=24)
_SHOWN = (HostOutcome.OK, HostOutcome.CHANGED, HostOutcome.SKIPPED)
_MOST_NAMED = 5


def open_for(session: ScopedSession, run: Run, now: datetime) -> Approval:
    """The approval that this proposed run waits for."""
    approval = Approval(
        tenant_id=run.tenant_id,
        run_id=run.id,
        requested_by_id=run.requested_by_id,
        requested_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(approval)
    session.flush()
    return approval


def diff_sha256(results: Sequence[HostResult]) -> str:
    """SHA-256 of `[[host, diffs], ...]` by name of host, as compact JSON with sorted keys."""
    diffs = sorted(([result.host, result.diffs] for result in results), key=lambda pair: str(pair[0]))
    return hashlib.sha256(json.dumps(diffs, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def fix_effect(session: ScopedSession, check: Run, now: datetime) -> None:
    """A check-mode run has ended: what it showed becomes what can be approved. Does not commit."""
    proposed = session.get_one(Run, check.check_of_id)
    if proposed.state != RunState.PROPOSED or proposed.diff_sha256 is not None:
        return
    seen = {result.device_id: result for result in results_of(session, check.id)}
    shown: list[HostResult] = []
    for result in results_of(session, proposed.id):
        effect = seen.get(result.device_id)
        if effect is not None and effect.outcome in _SHOWN:
            result.inputs_sha256 = effect.inputs_sha256
            shown.append(effect)
        else:
            outcome = "not reached" if effect is None or effect.outcome is None else effect.outcome
            _hold(result, f"check-mode run {check.id} could not show what would change here ({outcome})", now)
    if not shown:
        proposed.error = f"check-mode run {check.id} could not show what would change on any host: nothing to approve"
        proposed.finished_at = now
        rows.swap(session, Run, proposed.id, Run.state, RunState.PROPOSED, {"state": RunState.FAILED})
        return
    proposed.diff_sha256, proposed.revision = diff_sha256(shown), check.revision
    session.flush()


def fix_without_check(session: ScopedSession, proposed: Run, revision: str) -> None:
    """For a playbook without check mode: there is no diff to see, but its inputs are bound all the same."""
    results = results_of(session, proposed.id)
    fingerprints = inputs.fingerprints(session, results)
    for result in results:
        result.inputs_sha256 = fingerprints[result.device_id]
    proposed.diff_sha256, proposed.revision = diff_sha256(results), revision
    session.flush()


def decide(
    session: ScopedSession, actor: Actor, run_id: int, decision: Decision, seen_sha256: str, comment: str, now: datetime
) -> Approval:
    """Approve or reject a proposed run.

    Raises ForbiddenError for who asked for it, and ConflictError where there is nothing to approve, or the diff is
    another one, is not there yet, has been decided on, or has waited too long.
    """
    actor.require(Permission.FLEET_OPERATE)
    run = rows.fetch(session, Run, run_id, "run")
    approval = found(session, run_id)
    if approval is None:
        raise ConflictError(f"run {run_id} needs no approval")
    _refuse_own(session, actor, run, comment, now)
    _check_open(run, approval, now)
    if run.diff_sha256 is None:
        raise ConflictError("the check-mode run that shows what would change has not ended yet: wait for it")
    if seen_sha256 != run.diff_sha256:
        raise ConflictError("this is not the diff that the check-mode run showed: read it again, then decide")
    approved = decision == Decision.APPROVED
    values: dict[str, Any] = {"state": RunState.QUEUED}
    if not approved:
        values = {"state": RunState.CANCELED, "finished_at": now, "error": f"rejected by {actor.name}: {comment}"}
    if not rows.swap(session, Run, run.id, Run.state, RunState.PROPOSED, values):
        raise ConflictError("somebody else has decided on this run at the same moment: read it again")
    approval.decision, approval.decided_by_id, approval.decided_at = decision, actor.user_id, now
    approval.diff_sha256, approval.comment = seen_sha256, comment
    _record(session, actor, run, f"run.{'approve' if approved else 'reject'}", comment, now)
    session.commit()
    return approval


def found(session: ScopedSession, run_id: int) -> Approval | None:
    """The run's approval; None where it needs none."""
    return session.scalars(sa.select(Approval).where(Approval.run_id == run_id)).one_or_none()


def check_run_id(session: ScopedSession, run_id: int) -> int | None:
    """The check-mode run that shows what this run would change."""
    return session.scalars(sa.select(Run.id).where(Run.check_of_id == run_id)).one_or_none()


def search(session: ScopedSession, waiting_at: datetime | None, *, limit: int, cursor: str | None) -> Page[Approval]:
    """Approvals of runs and deployments, the newest first; of a moment, only those that can still be decided on."""
    query = sa.select(Approval)
    if waiting_at is not None:
        query = query.where(Approval.decision.is_(None), Approval.expires_at > waiting_at)
        proposed = sa.select(Run.id).where(Run.state == RunState.PROPOSED)
        query = query.where(sa.or_(Approval.run_id.is_(None), Approval.run_id.in_(proposed)))
    return paginate(session, query, by=[Approval.id], limit=limit, cursor=cursor, descending=True)


@dataclass(frozen=True)
class About:
    """What an approval is for, as a list tells it. `requested_by` and `decided_by` are names of people."""

    what: str
    reason: str
    requested_by: str
    decided_by: str


def described(session: ScopedSession, approvals: Sequence[Approval]) -> dict[int, About]:
    """By id of the approval, in three statements."""
    runs = _by_id(session, Run, [approval.run_id for approval in approvals])
    deployments = _by_id(session, Deployment, [approval.deployment_id for approval in approvals])
    people = _by_id(session, User, [approval.decided_by_id for approval in approvals])
    found: dict[int, About] = {}
    for approval in approvals:
        run, deployment = runs.get(approval.run_id), deployments.get(approval.deployment_id)
        asked = run or deployment
        decided_by = people.get(approval.decided_by_id)
        found[approval.id] = About(
            what=f"run {run.id}: {run.playbook}" if run else f"deployment {approval.deployment_id}",
            reason=asked.reason if asked else "",
            requested_by=asked.requested_by if asked else "",
            decided_by=decided_by.email if decided_by else "",
        )
    return found


def _by_id(session: ScopedSession, model: Any, ids: Sequence[int | None]) -> dict[int | None, Any]:
    wanted = {row_id for row_id in ids if row_id is not None}
    return {row.id: row for row in session.scalars(sa.select(model).where(model.id.in_(wanted)))} if wanted else {}


def expire(session: ScopedSession, now: datetime) -> int:
    """Cancel what nobody decided on in time. Commits; gives how many there were."""
    overdue = sa.select(Run).join(Approval, Approval.run_id == Run.id)
    overdue = overdue.where(Run.state == RunState.PROPOSED, Approval.expires_at <= now)
    count = 0
    for run in session.scalars(overdue).all():
        values = {"state": RunState.CANCELED, "finished_at": now, "error": "nobody approved it in time"}
        if rows.swap(session, Run, run.id, Run.state, RunState.PROPOSED, values):
            _record(session, system("approvals", run.tenant_id), run, "run.expire", "nobody approved it in time", now)
            count += 1
    session.commit()
    return count


def objection(session: ScopedSession, run: Run, results: Sequence[HostResult], revision: str) -> str | None:
    """Why this run may not start on these hosts: what was approved is not what would be done. None where it is, and
    for a run that needs no approval."""
    approval = found(session, run.id)
    if approval is None:
        return None
    if approval.decision != Decision.APPROVED or approval.diff_sha256 != run.diff_sha256:
        return "the diff of this run is not the one that was approved"
    if run.revision != revision:
        return f"the playbooks have changed since this run was approved (from {run.revision} to {revision})"
    current = inputs.fingerprints(session, results)
    changed = [result.host for result in results if current.get(result.device_id) != result.inputs_sha256]
    if changed:
        more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
        return f"what this run depends on has changed since it was approved: {', '.join(changed[:_MOST_NAMED])}{more}"
    return None


def results_of(session: ScopedSession, run_id: int) -> list[HostResult]:
    """The run's hosts that nothing has kept from it so far."""
    query = sa.select(HostResult).where(HostResult.run_id == run_id).order_by(HostResult.id)
    return [result for result in session.scalars(query) if result.outcome != HostOutcome.HELD]


def _hold(result: HostResult, why: str, now: datetime) -> None:
    result.outcome, result.progress, result.message, result.finished_at = HostOutcome.HELD, HostProgress.DONE, why, now


def _refuse_own(session: ScopedSession, actor: Actor, run: Run, comment: str, now: datetime) -> None:
    if actor.user_id is not None and actor.user_id != run.requested_by_id:
        return
    _record(session, actor, run, "run.approve", comment, now, outcome=REFUSED)
    session.commit()
    raise ForbiddenError("four eyes: another person than the one who asked for this run must decide on it")


def _check_open(run: Run, approval: Approval, now: datetime) -> None:
    if run.state != RunState.PROPOSED or approval.decision is not None:
        raise ConflictError(f"this run is {run.state}: there is nothing left to decide")
    if approval.expires_at <= now:
        raise ConflictError("nobody decided on this run in time: ask for it again")


def _record(
    session: ScopedSession, actor: Actor, run: Run, action: str, reason: str, now: datetime, *, outcome: str = "ok"
) -> None:
    record(
        session,
        actor,
        action,
        Subject("run", run.id, run.playbook),
        tenant_id=run.tenant_id,
        reason=reason,
        after={"state": run.state, "diff_sha256": run.diff_sha256, "revision": run.revision},
        outcome=outcome,
        at=now,
    )
