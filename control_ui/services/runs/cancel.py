"""Ending a run before its time."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Run, RunSlice
from control_ui.models.runs import FINAL_RUN_STATES, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import ConflictError
from control_ui.services.permissions import Permission
from control_ui.services.runs import ending, locks


def cancel(session: ScopedSession, actor: Actor, run: Run, reason: str, now: datetime) -> Run:
    """Ask a run to end. What nobody works on yet ends here; the workers of the rest notice within seconds, and report
    which hosts they broke off. Asking twice is like asking once. Raises ForbiddenError, ConflictError. Commits.
    """
    actor.require(Permission.FLEET_OPERATE)
    run = locks.lock_run(session, run.id)
    if run.state in FINAL_RUN_STATES:
        raise ConflictError(f"this run has ended already: it is {run.state}")
    if run.cancel_requested_at is None:
        _record(session, actor, run, reason, now)
        _stop(session, run, actor.name, now)
        for check in session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).all():
            _stop(session, check, actor.name, now)
    session.commit()
    return run


def _stop(session: ScopedSession, run: Run, who: str, now: datetime) -> None:
    run.cancel_requested_at, run.cancel_requested_by = now, who
    session.flush()
    if run.state == RunState.PROPOSED:
        values = {"state": RunState.CANCELED, "finished_at": now, "error": f"canceled by {who}"}
        rows.swap(session, Run, run.id, Run.state, RunState.PROPOSED, values)
    else:
        waiting = sa.update(RunSlice).where(RunSlice.run_id == run.id, RunSlice.state == SliceState.QUEUED)
        session.execute(waiting.values(state=SliceState.CANCELED, finished_at=now))
        ending.finish_if_over(session, run, now)


def _record(session: ScopedSession, actor: Actor, run: Run, reason: str, now: datetime) -> None:
    record(
        session,
        actor,
        "run.cancel",
        Subject("run", run.id, run.playbook),
        tenant_id=run.tenant_id,
        reason=reason,
        before={"state": run.state},
        at=now,
    )
