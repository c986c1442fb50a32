"""Who holds what: a run's row while it is changed, and its devices, one mutating run at a time, by the primary key of
device_locks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import DeviceLock, Run
from control_ui.models.base import Base
from control_ui.models.scope import ScopedSession


def lock_run(session: ScopedSession, run_id: int) -> Run:
    """The run as it is now, locked until the transaction ends; and with it the one whose effect it shows, or that shows
    its effect. Whoever changes a run, its slices or hosts takes this first, so that no two wait for each other."""
    shown = sa.select(Run.check_of_id).where(Run.id == run_id).scalar_subquery()
    family = sa.select(Run).where(sa.or_(Run.id == run_id, Run.id == shown, Run.check_of_id == run_id))
    family = family.order_by(Run.id).with_for_update().execution_options(populate_existing=True)
    return next(run for run in session.scalars(family).all() if run.id == run_id)


def holders(session: ScopedSession, device_ids: Iterable[int]) -> dict[int, int]:
    """Which run holds each device of these; devices that are free are left out."""
    query = sa.select(DeviceLock.device_id, DeviceLock.run_id).where(DeviceLock.device_id.in_(list(device_ids)))
    return dict(session.execute(query).all())


def take(session: ScopedSession, run: Run, device_ids: Iterable[int], now: datetime) -> None:
    """Lock all of these devices. Raises IntegrityError where somebody was quicker; then none is taken, once the
    transaction is rolled back."""
    # In the same order everywhere: two who want overlapping sets must not wait for each other.
    locks = [
        {"tenant_id": run.tenant_id, "device_id": device_id, "run_id": run.id, "acquired_at": now}
        for device_id in sorted(device_ids)
    ]
    if locks:
        session.execute(sa.insert(table(DeviceLock)), locks)


def release(session: ScopedSession, run_id: int) -> None:
    """Free what this run holds."""
    session.execute(sa.delete(DeviceLock).where(DeviceLock.run_id == run_id))


def table(model: type[Base]) -> sa.Table:
    """For inserts of many rows at once, which need no objects."""
    found = model.__table__
    if not isinstance(found, sa.Table):  # every model of ours is mapped to a table; this is for the type checker
        raise TypeError(f"{model.__name__} is not mapped to a table")
    return found
