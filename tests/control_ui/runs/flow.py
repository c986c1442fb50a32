"""Brings runs from one state to the next without Ansible: what workers do, done by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import HostResult, Run, RunSlice
from control_ui.models.runs import HostOutcome, HostProgress, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.runs import dispatch, slices
from control_ui.services.runs.slices import Claimed
from tests.control_ui.conftest import NOW

REVISION = "0" * 40


def dispatched(session: ScopedSession, now: datetime = NOW, hosts_per_slice: int = 100) -> list[int]:
    return dispatch.ready_slices(session, now, hosts_per_slice)


def claimed(session: ScopedSession, slice_id: int, now: datetime = NOW, worker: str = "a:1") -> Claimed:
    """A queued slice, taken by a worker."""
    taken = slices.claim(
        session, slice_id, worker=worker, private_data_dir="/nowhere", token_sha256=f"{slice_id:064d}", now=now
    )
    assert taken is not None
    return taken


def begun(session: ScopedSession, run: Run, now: datetime = NOW, hosts_per_slice: int = 100) -> list[Claimed]:
    """The run, dispatched and with all of its slices claimed and prepared."""
    dispatched(session, now, hosts_per_slice)
    found = [claimed(session, part.id, now) for part in parts(session, run)]
    for one in found:
        assert slices.prepare(session, one, REVISION) is None
    return found


def report(session: ScopedSession, run: Run, host: str, outcome: HostOutcome | None, **values: Any) -> None:
    """What a worker has stored of a host; in flight where it has no outcome."""
    result = host_of(session, run, host)
    result.outcome = outcome
    result.progress = HostProgress.IN_FLIGHT if outcome is None else HostProgress.DONE
    for name, value in values.items():
        setattr(result, name, value)
    session.commit()


def ended(
    session: ScopedSession, run: Run, outcomes: dict[str, HostOutcome], now: datetime = NOW, **diffs: list[Any]
) -> Run:
    """The run, from the queue to its end, with these outcomes."""
    found = begun(session, run, now)
    for host, outcome in outcomes.items():
        report(session, run, host, outcome, diffs=diffs.get(host.replace("-", "_"), []))
    for one in found:
        assert slices.end(session, one.slice_id, SliceState.FINISHED, "", now)
    return fresh(session, run)


def parts(session: ScopedSession, run: Run) -> Sequence[RunSlice]:
    query = sa.select(RunSlice).where(RunSlice.run_id == run.id).order_by(RunSlice.number)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def hosts_of(session: ScopedSession, run: Run) -> dict[str, HostResult]:
    query = sa.select(HostResult).where(HostResult.run_id == run.id).order_by(HostResult.host)
    return {host.host: host for host in session.scalars(query.execution_options(populate_existing=True))}


def host_of(session: ScopedSession, run: Run, host: str) -> HostResult:
    return hosts_of(session, run)[host]


def fresh(session: ScopedSession, run: Run) -> Run:
    """As the database has it now."""
    return session.get_one(Run, run.id, populate_existing=True)
