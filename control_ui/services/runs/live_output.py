"""Ansible's output for who looks on: from near its end, on from what was seen, and where certain words are in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import Run, RunEvent, RunSlice
from control_ui.models.scope import ScopedSession

_CLOCK_SKEW = timedelta(days=1)
"""Events are stamped by the worker; the database looks for them in the days since the run was asked for, not in all."""


@dataclass(frozen=True)
class Piece:
    """What one event printed: one line or several."""

    slice_id: int
    counter: int
    slice_number: int
    host: str | None
    task: str
    stdout: str


def near_end(session: ScopedSession, run: Run, events: int) -> dict[int, int]:
    """Counters by slice, so many events before the last of each: who reads on from there sees the end."""
    query = sa.select(RunEvent.slice_id, sa.func.max(RunEvent.counter)).where(*_of_run(run)).group_by(RunEvent.slice_id)
    return {slice_id: max(0, last - events) for slice_id, last in session.execute(query)}


def on_from(session: ScopedSession, run: Run, seen: Mapping[int, int], limit: int) -> list[Piece]:
    """What was printed beyond the counters `seen`, by slice; slices that are not named, from their beginning. Within a
    slice events are stored in their order, so who goes on from what they have seen misses none."""
    ids = session.scalars(sa.select(RunSlice.id).where(RunSlice.run_id == run.id)).all()
    if not ids:
        return []
    beyond = (sa.and_(RunEvent.slice_id == one, RunEvent.counter > seen.get(one, 0)) for one in ids)
    return _pieces(session, run, [sa.or_(*beyond)], limit)


def last_of(session: ScopedSession, run: Run, events: int) -> list[Piece]:
    """The last so many events of each slice."""
    return on_from(session, run, near_end(session, run, events), events * MOST_SLICES)


def find(session: ScopedSession, run: Run, text: str, host: str | None, limit: int) -> list[Piece]:
    """Where the output has these words, from its beginning; with a host, only what is about it."""
    conditions = [RunEvent.stdout.icontains(text, autoescape=True)] if text else []
    return _pieces(session, run, conditions + ([RunEvent.host == host] if host else []), limit)


MOST_SLICES = 50
"""Whose ends are shown at once."""


def _pieces(session: ScopedSession, run: Run, conditions: Sequence[sa.ColumnElement[bool]], limit: int) -> list[Piece]:
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(RunEvent.slice_id, RunEvent.counter, RunSlice.number, RunEvent.host, RunEvent.task, RunEvent.stdout)
        .join(RunSlice, RunSlice.id == RunEvent.slice_id)
        .where(*_of_run(run), *conditions)
        .order_by(RunEvent.slice_id, RunEvent.counter)
        .limit(limit)
    )
    return [Piece(*found) for found in session.execute(query)]


def _of_run(run: Run) -> list[sa.ColumnElement[bool]]:
    return [RunEvent.run_id == run.id, RunEvent.at >= run.requested_at - _CLOCK_SKEW]
