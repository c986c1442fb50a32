"""How slices and runs end: each once, whoever comes first, with the devices free and the trail written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import HostResult, Run, RunSlice
from control_ui.models.runs import HostProgress, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import system
from control_ui.services.audit.trail import Subject, record
from control_ui.services.runs import approvals, locks, results

NOBODY_REACHED = "no host could be reached"
_FINE = ("ok", "changed", "skipped")
_OPEN = (SliceState.QUEUED, SliceState.RUNNING)


def finish_slice(
    session: ScopedSession,
    part: RunSlice,
    state: SliceState,
    now: datetime,
    *,
    exit_code: int | None = None,
    error: str = "",
) -> bool:
    """End a running slice, and its run if it was the last. False where somebody else has ended it. Commits."""
    run = locks.lock_run(session, part.run_id)
    values = {
        "state": state,
        "finished_at": now,
        "exit_code": exit_code,
        "error": error,
        "inventory_token_sha256": None,
    }
    ended = rows.swap(session, RunSlice, part.id, RunSlice.state, SliceState.RUNNING, values)
    if ended:
        interrupt(session, part.id, now)
        finish_if_over(session, run, now)
    session.commit()
    return ended


def finish_if_over(session: ScopedSession, run: Run, now: datetime) -> bool:
    """End the run, which is locked, if none of its slices is queued or running. Does not commit."""
    open_slices = sa.select(RunSlice.id).where(RunSlice.run_id == run.id, RunSlice.state.in_(_OPEN)).limit(1)
    if session.scalars(open_slices).first() is not None:
        return False
    return finish_run(session, run, now)


def finish_run(session: ScopedSession, run: Run, now: datetime) -> bool:
    """End a run whose slices have ended: state, counts, locks, audit. False where it has ended already. Does not
    commit."""
    session.flush()
    counts = results.tally(session, run.id)
    slices = session.scalars(sa.select(RunSlice).where(RunSlice.run_id == run.id).order_by(RunSlice.number)).all()
    state, error = _verdict(run, [part.state for part in slices], counts)
    error = next((part.error for part in slices if part.error), error)
    values = {"state": state, "error": error, "counts": counts, "finished_at": now, "waiting_for_run_id": None}
    if not rows.swap(session, Run, run.id, Run.state, (RunState.QUEUED, RunState.RUNNING), values):
        return False
    locks.release(session, run.id)
    if run.check_of_id is not None:
        approvals.fix_effect(session, run, now)
    record(
        session,
        system("runs", run.tenant_id),
        "run.finish",
        Subject("run", run.id, run.playbook),
        tenant_id=run.tenant_id,
        reason=error,
        after={"state": state, "counts": counts, "revision": run.revision},
        at=now,
    )
    return True


def _verdict(run: Run, slices: list[SliceState], counts: dict[str, Any]) -> tuple[RunState, str]:
    """The final state, and why where no slice has said so itself."""
    fine = sum(counts.get(outcome, 0) for outcome in _FINE)
    unreachable, held, failed = (counts.get(outcome, 0) for outcome in ("unreachable", "held", "failed"))
    without = counts.get("total", 0) - fine - unreachable - held - failed
    if SliceState.LOST in slices:
        return RunState.LOST, "its worker died"
    if run.cancel_requested_at is not None and without:
        return RunState.CANCELED, f"canceled by {run.cancel_requested_by}"
    if failed or without:
        why = f"{without} hosts were not worked on to the end" if without else ""
        return (RunState.PARTIAL if fine else RunState.FAILED), why
    if unreachable and not fine:
        return RunState.FAILED, NOBODY_REACHED
    return RunState.SUCCEEDED, ""


def interrupt(session: ScopedSession, slice_id: int, now: datetime) -> None:
    """What is still in flight on hosts of an ended slice was broken off."""
    session.execute(
        sa.update(HostResult)
        .where(HostResult.slice_id == slice_id, HostResult.progress == HostProgress.IN_FLIGHT)
        .values(progress=HostProgress.INTERRUPTED, finished_at=now)
    )
