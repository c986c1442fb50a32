"""Finds slices whose worker died, and slices that the work queue has lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import Run, RunSlice
from control_ui.models.runs import RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.runs import ending, locks, results, slices
from control_ui.services.runs.slices import Claimed

SILENCE = timedelta(seconds=30)
"""So long after its last heartbeat a slice is taken for lost."""
ELSEWHERE_GRACE = timedelta(seconds=15)
"""So much longer for a slice of another machine, whose own reaper can read what it left behind."""
QUEUE_GRACE = timedelta(seconds=5)
"""So long after it was put on the work queue a slice may be on its way to a worker."""


@dataclass(frozen=True)
class Silent:
    """A running slice that has not been heard of for too long."""

    claimed: Claimed
    worker: str
    private_data_dir: str
    heartbeat_at: datetime


def silent(session: ScopedSession, now: datetime) -> list[Silent]:
    """Commits, to hold nothing while what they left behind is read."""
    query = sa.select(RunSlice).where(RunSlice.state == SliceState.RUNNING, RunSlice.heartbeat_at < now - SILENCE)
    found = [
        Silent(
            slices.described(session, part),
            part.worker,
            part.private_data_dir,
            part.heartbeat_at or part.queued_at or now,
        )
        for part in session.scalars(query.order_by(RunSlice.id)).all()
    ]
    session.commit()
    return found


def waiting_long(session: ScopedSession, now: datetime) -> list[int]:
    """Queued slices that ought to have been taken by now, if the work queue still knows of them. Commits."""
    query = sa.select(RunSlice.id).where(RunSlice.state == SliceState.QUEUED, RunSlice.queued_at < now - QUEUE_GRACE)
    found = list(session.scalars(query.order_by(RunSlice.id)))
    session.commit()
    return found


def queued_again(session: ScopedSession, slice_id: int, now: datetime) -> None:
    """Commits."""
    session.execute(
        sa.update(RunSlice).where(RunSlice.id == slice_id, RunSlice.state == SliceState.QUEUED).values(queued_at=now)
    )
    session.commit()


def left_behind(session: ScopedSession, slice_id: int, private_data_dir: str) -> tuple[SliceState, Claimed] | None:
    """How the slice ended whose directory this is; None where it is no slice of ours, or has not ended. Commits."""
    query = sa.select(RunSlice).where(RunSlice.id == slice_id, RunSlice.private_data_dir == private_data_dir)
    part = session.scalars(query).one_or_none()
    found = None
    if part is not None and part.state not in (SliceState.QUEUED, SliceState.RUNNING):
        found = part.state, slices.described(session, part)
    session.commit()
    return found


def recount(session: ScopedSession, claimed: Claimed, now: datetime) -> None:
    """After more was learnt of a slice that had been given up: its hosts and its run's counts. Commits."""
    run = locks.lock_run(session, claimed.run_id)
    ending.interrupt(session, claimed.slice_id, now)
    if run.state not in (RunState.QUEUED, RunState.RUNNING):
        session.execute(sa.update(Run).where(Run.id == run.id).values(counts=results.tally(session, run.id)))
    session.commit()
