"""A run as people watch it: a grid of hosts, what went wrong on which of them, whom it waits for, what came of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from control_ui.models import Device, DeviceLock, HostResult, Run, RunSlice
from control_ui.models.runs import HostOutcome, HostProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.grid import Cell, Trouble, grouped

WORST_FIRST = ("failed", "interrupted", "unreachable", "held")
_BAD = (HostOutcome.FAILED, HostOutcome.UNREACHABLE, HostOutcome.HELD)


@dataclass(frozen=True)
class Holder:
    """A run that has devices another one waits for."""

    run_id: int
    playbook: str
    devices: list[str]


@dataclass(frozen=True)
class Follower:
    """A run that came of another one: `relation` is `retry` or `check`."""

    run: Run
    relation: str


def cells(session: ScopedSession, run_id: int) -> list[Cell]:
    """Every host of the run in the order they were asked for; its state is its outcome, or how far it is."""
    query = sa.select(HostResult.device_id, HostResult.host, HostResult.outcome, HostResult.progress)
    query = query.where(HostResult.run_id == run_id).order_by(HostResult.id)
    return [
        Cell(device_id, host, str(outcome or progress)) for device_id, host, outcome, progress in session.execute(query)
    ]


def troubles(session: ScopedSession, run_id: int) -> list[Trouble]:
    """What went wrong, or was left out, in which words and on which hosts."""
    query = sa.select(
        HostResult.outcome, HostResult.progress, HostResult.message, HostResult.device_id, HostResult.host
    )
    wrong = sa.or_(HostResult.outcome.in_(_BAD), HostResult.progress == HostProgress.INTERRUPTED)
    found = session.execute(query.where(HostResult.run_id == run_id, wrong).order_by(HostResult.id))
    rows = (
        (str(outcome or progress), message, device_id, host) for outcome, progress, message, device_id, host in found
    )
    return grouped(rows, WORST_FIRST)


def tallies(session: ScopedSession, run_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Of these runs, hosts by outcome, those without one by progress: what is kept with a run is true at its end."""
    query = sa.select(HostResult.run_id, HostResult.outcome, HostResult.progress, sa.func.count(HostResult.id))
    query = query.where(HostResult.run_id.in_(run_ids))
    found: dict[int, dict[str, int]] = {run_id: {} for run_id in run_ids}
    for run_id, outcome, progress, number in session.execute(
        query.group_by(HostResult.run_id, HostResult.outcome, HostResult.progress)
    ):
        state = str(outcome or progress)
        found[run_id][state] = found[run_id].get(state, 0) + number
    return found


def slices(session: ScopedSession, run_id: int) -> list[RunSlice]:
    """The parts that workers do, in their order."""
    return list(session.scalars(sa.select(RunSlice).where(RunSlice.run_id == run_id).order_by(RunSlice.number)))


def holders(session: ScopedSession, run: Run) -> list[Holder]:
    """Which runs have devices that this one waits for; the one it was told to wait for even without any."""
    mine = sa.select(HostResult.device_id).where(HostResult.run_id == run.id, HostResult.outcome.is_(None))
    query = (
        sa.select(Run.id, Run.playbook, Device.name)
        .select_from(Run)
        .outerjoin(DeviceLock, sa.and_(DeviceLock.run_id == Run.id, DeviceLock.device_id.in_(mine)))
        .outerjoin(Device, Device.id == DeviceLock.device_id)
        .where(Run.id != run.id, sa.or_(DeviceLock.device_id.is_not(None), Run.id == run.waiting_for_run_id))
        .order_by(Run.id, Device.name)
    )
    found: dict[int, Holder] = {}
    for run_id, playbook, device in session.execute(query):
        holder = found.setdefault(run_id, Holder(run_id, playbook, []))
        holder.devices.extend([device] if device is not None else [])
    return list(found.values())


def followers(session: ScopedSession, run_id: int) -> list[Follower]:
    """Retries of this run, and the check-mode run that shows its effect."""
    query = sa.select(Run).where(sa.or_(Run.retry_of_id == run_id, Run.check_of_id == run_id)).order_by(Run.id)
    return [Follower(run, "retry" if run.retry_of_id == run_id else "check") for run in session.scalars(query)]
