"""What Ansible said, in the order it said it, read a piece at a time: a long run never fits in memory.

Slices follow one another by number. Each piece is a transaction of its own, so that a slow reader holds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from control_ui.models import Run, RunEvent, RunSlice
from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session

PIECE = 500
LATEST = 2**63 - 1
CLOCK_SKEW = timedelta(days=1)
"""Events are stamped by the worker; the database looks for them in the days since the run was asked for, not in all."""


def text(sessions: SessionFactory, scope: Scope, run: Run, host: str | None) -> Iterator[str]:
    """The whole output, or a host's part of it, piece by piece."""
    with open_session(sessions, scope) as session:
        slice_ids = _slice_ids(session, run.id)
    for slice_id in slice_ids:
        counter = 0
        while True:
            query = sa.select(RunEvent.counter, RunEvent.stdout).where(*_of_slice(run, slice_id, host))
            query = query.where(RunEvent.counter > counter).order_by(RunEvent.counter).limit(PIECE)
            with open_session(sessions, scope) as session:
                piece = session.execute(query).all()
            if not piece:
                break
            counter = piece[-1][0]
            yield "".join(f"{stdout}\n" for _, stdout in piece if stdout)


def tail(session: ScopedSession, run: Run, host: str | None, lines: int) -> str:
    """The last so many lines."""
    found: list[str] = []
    for slice_id in reversed(_slice_ids(session, run.id)):
        before = LATEST
        while len(found) < lines:
            query = sa.select(RunEvent.counter, RunEvent.stdout).where(*_of_slice(run, slice_id, host))
            query = query.where(RunEvent.counter < before).order_by(RunEvent.counter.desc()).limit(PIECE)
            piece = session.execute(query).all()
            if not piece:
                break
            before = piece[-1][0]
            found = [line for _, stdout in reversed(piece) for line in stdout.splitlines()] + found
    return "".join(f"{line}\n" for line in found[-lines:])


def after(
    session: ScopedSession, run: Run, seen: dict[int, int], limit: int, host: str | None
) -> tuple[list[RunEvent], dict[int, int]]:
    """Events beyond the counters `seen`, by slice; and the counters that are seen then.

    Within a slice events are stored in their order, so who goes on from what they have seen misses none, whatever
    other slices do meanwhile.
    """
    found: list[RunEvent] = []
    now_seen = dict(seen)
    for slice_id in _slice_ids(session, run.id):
        query = sa.select(RunEvent).where(*_of_slice(run, slice_id, host))
        query = query.where(RunEvent.counter > seen.get(slice_id, 0)).order_by(RunEvent.counter)
        events = session.scalars(query.limit(limit - len(found))).all()
        if events:
            found += events
            now_seen[slice_id] = events[-1].counter
        if len(found) == limit:
            break
    return found, now_seen


def _slice_ids(session: ScopedSession, run_id: int) -> list[int]:
    return list(session.scalars(sa.select(RunSlice.id).where(RunSlice.run_id == run_id).order_by(RunSlice.number)))


def _of_slice(run: Run, slice_id: int, host: str | None) -> list[sa.ColumnElement[bool]]:
    since = run.requested_at - CLOCK_SKEW
    found = [RunEvent.slice_id == slice_id, RunEvent.at >= since]
    return found if host is None else [*found, RunEvent.host == host]
