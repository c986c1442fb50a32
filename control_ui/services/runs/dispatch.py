"""From queued runs to slices that workers can take: in the order they were asked for, all devices of a run or none.

Two dispatchers at once do no harm: a run's row is locked while it is decided on, and the locks of the devices are
rows with the device as their key.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from control_ui.models import Device, HostResult, Run, RunSlice
from control_ui.models.runs import RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import staleness
from control_ui.services.errors import ServiceError
from control_ui.services.runs import ending, locks, results, rollback_points, windows
from control_ui.services.runs.catalogue import catalogue

log = logging.getLogger(__name__)


def ready_slices(session: ScopedSession, now: datetime, hosts_per_slice: int) -> list[int]:
    """Dispatch what can be dispatched; gives the ids of the new slices, for the work queue. Commits run by run.

    A mutating run waits while one of its devices is held by a run, or wanted by an older one that waits itself: so no
    run on many devices is starved by small ones.
    """
    wanted: dict[int, int] = {}
    made: list[int] = []
    for run_id in _waiting(session, now):
        try:
            made += _dispatch(session, run_id, wanted, now, hosts_per_slice)
        except IntegrityError:  # another dispatcher was quicker with one of the devices; the next look tells for whom
            session.rollback()
            log.info("run %s waits: another run has just taken one of its devices", run_id)
    return made


def _waiting(session: ScopedSession, now: datetime) -> list[int]:
    query = sa.select(Run.id).where(
        Run.state == RunState.QUEUED,
        sa.or_(Run.not_before.is_(None), Run.not_before <= now),
        ~sa.exists().where(RunSlice.run_id == Run.id),
    )
    found = list(session.scalars(query.order_by(Run.requested_at, Run.id)))
    session.commit()
    return found


def _dispatch(
    session: ScopedSession, run_id: int, wanted: dict[int, int], now: datetime, hosts_per_slice: int
) -> list[int]:
    """Dispatch one run, or have it wait. `wanted` gets the devices of what waits."""
    run = _locked(session, run_id)
    made: list[int] = []
    if run is not None and not _waits(session, run, wanted):
        hosts = _hosts(session, run, now)
        if run.mutating:
            device_ids = [host.device_id for host in hosts]
            locks.take(session, run, device_ids, now)
            rollback_points.record(session, run, device_ids, now)
        made = list(_cut(session, run, hosts, now, hosts_per_slice))
        if not made:
            ending.finish_run(session, run, now)
    session.commit()
    return made


def _locked(session: ScopedSession, run_id: int) -> Run | None:
    """The run, locked, if it is still to be dispatched."""
    run = locks.lock_run(session, run_id)
    cut = sa.select(RunSlice.id).where(RunSlice.run_id == run_id).limit(1)
    return run if run.state == RunState.QUEUED and session.scalars(cut).first() is None else None


def _waits(session: ScopedSession, run: Run, wanted: dict[int, int]) -> bool:
    """Whether this run must wait, and for whom."""
    if not run.mutating:
        return False
    query = sa.select(HostResult.device_id).where(HostResult.run_id == run.id, HostResult.outcome.is_(None))
    device_ids = list(session.scalars(query))
    taken = wanted | locks.holders(session, device_ids)
    run.waiting_for_run_id = next((taken[device_id] for device_id in device_ids if device_id in taken), None)
    if run.waiting_for_run_id is None:
        return False
    wanted |= {device_id: run.id for device_id in device_ids if device_id not in wanted}
    return True


def _hosts(session: ScopedSession, run: Run, now: datetime) -> list[HostResult]:
    """The hosts that are to be worked on; the others are held, and say why."""
    query = sa.select(HostResult, Device).join(Device, Device.id == HostResult.device_id)
    query = query.where(HostResult.run_id == run.id, HostResult.outcome.is_(None)).order_by(HostResult.id)
    found = [(result, device) for result, device in session.execute(query).unique()]
    stale = staleness.stale(session, [result for result, _ in found], now)
    kept = []
    for result, device in found:
        why = _held(run, device, now) or stale.get(result.id)
        if why:
            results.hold(result, why, now)
        else:
            kept.append(result)
    return kept


def _held(run: Run, device: Device, now: datetime) -> str:
    if not run.mutating:
        return ""
    if device.held_reason:
        return f"held: {device.held_reason}"
    site = device.site
    if run.schedule_id is not None and not windows.is_open(site.maintenance_windows, site.timezone, now):
        opens = windows.next_opening(site.maintenance_windows, site.timezone, now)
        when = f"; the next opens {opens.isoformat(timespec='minutes')}" if opens else ""
        return f"outside the maintenance windows of {site.name}{when}"
    return ""


def _cut(
    session: ScopedSession, run: Run, hosts: list[HostResult], now: datetime, hosts_per_slice: int
) -> Iterator[int]:
    """Slices of at most so many hosts; one only, where the playbook goes from ring to ring by itself."""
    try:
        whole = not catalogue.find(run.playbook).slices
    except ServiceError:  # it has left the list since; the worker says so
        whole = True
    size = len(hosts) if whole else hosts_per_slice
    for number, start in enumerate(range(0, len(hosts), size or 1), start=1):
        part = RunSlice(tenant_id=run.tenant_id, run_id=run.id, number=number, state=SliceState.QUEUED, queued_at=now)
        session.add(part)
        session.flush()
        for host in hosts[start : start + size]:
            host.slice_id = part.id
        yield part.id
