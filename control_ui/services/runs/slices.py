"""What a worker needs of the database while it does a slice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Device, HostResult, Run, RunSlice, Tenant
from control_ui.models.runs import HostOutcome, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.deployments import staleness
from control_ui.services.runs import approvals, ending, inputs, locks, results


@dataclass(frozen=True)
class Claimed:
    """A slice that is this worker's, and what it is to do. Plain values: they outlive the session."""

    slice_id: int
    number: int
    run_id: int
    tenant_id: int
    tenant_slug: str
    playbook: str
    variables: dict[str, object]
    check_mode: bool
    diff: bool
    forks: int
    hosts: tuple[str, ...]


def claim(
    session: ScopedSession, slice_id: int, *, worker: str, private_data_dir: str, token_sha256: str, now: datetime
) -> Claimed | None:
    """Take a queued slice. None where it is gone, taken, or not to be done any more. Commits.

    Hosts whose configuration was superseded while the slice was in the queue are held; with none left it has ended.
    """
    run_id = session.scalars(sa.select(RunSlice.run_id).where(RunSlice.id == slice_id)).one_or_none()
    if run_id is None:
        return None
    locks.lock_run(session, run_id)
    values = {
        "state": SliceState.RUNNING,
        "worker": worker,
        "private_data_dir": private_data_dir,
        "inventory_token_sha256": token_sha256,
        "started_at": now,
        "heartbeat_at": now,
    }
    if not rows.swap(session, RunSlice, slice_id, RunSlice.state, SliceState.QUEUED, values):
        session.rollback()
        return None
    rows.swap(session, Run, run_id, Run.state, RunState.QUEUED, {"state": RunState.RUNNING, "started_at": now})
    part = session.get_one(RunSlice, slice_id)
    _hold_stale(session, part, now)
    claimed = described(session, part)
    if not claimed.hosts:
        ending.finish_slice(session, part, SliceState.FINISHED, now)
        return None
    session.commit()
    return claimed


def _hold_stale(session: ScopedSession, part: RunSlice, now: datetime) -> None:
    query = sa.select(HostResult).where(HostResult.slice_id == part.id, HostResult.outcome.is_(None))
    waiting = session.scalars(query).all()
    reasons = staleness.stale(session, waiting, now)
    for host in waiting:
        if host.id in reasons:
            results.hold(host, reasons[host.id], now)
    session.flush()


def prepare(session: ScopedSession, claimed: Claimed, revision: str) -> str | None:
    """Note which playbooks the run is of. Gives why the slice must not start, None where it may. Commits."""
    unknown = sa.update(Run).where(Run.id == claimed.run_id, Run.revision == "")
    session.execute(unknown.values(revision=revision))
    run = session.get_one(Run, claimed.run_id, populate_existing=True)
    hosts = session.scalars(sa.select(HostResult).where(*_worked_on(claimed.slice_id))).all()
    objection = approvals.objection(session, run, hosts, revision)
    if objection is None and run.revision != revision:
        objection = f"the playbooks of this worker are {revision}, those of the run's other slices {run.revision}"
    if run.check_of_id is not None:
        fingerprints = inputs.fingerprints(session, hosts)
        for host in hosts:
            host.inputs_sha256 = fingerprints[host.device_id]
    session.commit()
    return objection


@dataclass(frozen=True)
class Pulse:
    """`ours`: the slice is still this worker's. `canceled`: the run is to end."""

    ours: bool
    canceled: bool


def beat(session: ScopedSession, claimed: Claimed, worker: str, now: datetime) -> Pulse:
    """Say that the worker lives, and hear whether the run is to go on. Commits."""
    mine = sa.update(RunSlice).where(
        RunSlice.id == claimed.slice_id, RunSlice.state == SliceState.RUNNING, RunSlice.worker == worker
    )
    ours = getattr(session.execute(mine.values(heartbeat_at=now)), "rowcount", 0)
    canceled = session.scalars(sa.select(Run.cancel_requested_at).where(Run.id == claimed.run_id)).one_or_none()
    session.commit()
    return Pulse(bool(ours), canceled is not None)


def camera_passwords(session: ScopedSession, slice_id: int) -> dict[str, str]:
    """By host: what must not be seen in its events."""
    query = sa.select(Device.name, Device.camera_password).join(HostResult, HostResult.device_id == Device.id)
    found = session.execute(query.where(HostResult.slice_id == slice_id))
    return {name: password for name, password in found if password}


def end(
    session: ScopedSession, slice_id: int, state: SliceState, error: str, now: datetime, exit_code: int | None = None
) -> bool:
    """End a running slice, and its run if it was the last. False where somebody else has ended it. Commits."""
    part = session.get_one(RunSlice, slice_id)
    return ending.finish_slice(session, part, state, now, exit_code=exit_code, error=error)


def described(session: ScopedSession, part: RunSlice) -> Claimed:
    """A slice and those of its hosts that are worked on."""
    run = session.get_one(Run, part.run_id)
    slug = session.scalars(sa.select(Tenant.slug).where(Tenant.id == run.tenant_id)).one()
    hosts = session.scalars(sa.select(HostResult.host).where(*_worked_on(part.id)).order_by(HostResult.id))
    return Claimed(
        slice_id=part.id,
        number=part.number,
        run_id=run.id,
        tenant_id=run.tenant_id,
        tenant_slug=slug,
        playbook=run.playbook,
        variables=run.variables,
        check_mode=run.check_mode,
        diff=run.diff,
        forks=run.forks,
        hosts=tuple(hosts),
    )


def _worked_on(slice_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return HostResult.slice_id == slice_id, HostResult.outcome.is_distinct_from(HostOutcome.HELD)
