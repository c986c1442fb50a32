"""What a device ran before a mutating run touched it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Device, DeviceState, RollbackPoint, Run
from control_ui.models.scope import ScopedSession
from control_ui.services.pages import Page, paginate
from control_ui.services.runs.locks import table


def record(session: ScopedSession, run: Run, device_ids: Sequence[int], now: datetime) -> None:
    """Note what these devices reported last, before the run begins. Does not commit."""
    reported = sa.select(DeviceState.device_id, DeviceState.config_version, DeviceState.release, ConfigVersion.id)
    reported = reported.outerjoin(
        ConfigVersion,
        sa.and_(ConfigVersion.device_id == DeviceState.device_id, ConfigVersion.number == DeviceState.config_version),
    ).where(DeviceState.device_id.in_(device_ids))
    points = [
        {
            "tenant_id": run.tenant_id,
            "run_id": run.id,
            "device_id": device_id,
            "config_version_id": version_id,
            "config_number": number,
            "release": release,
            "created_at": now,
        }
        for device_id, number, release, version_id in session.execute(reported)
    ]
    if points:
        session.execute(sa.insert(table(RollbackPoint)), points)


def search(
    session: ScopedSession, *, run_id: int | None, device_id: int | None, limit: int, cursor: str | None
) -> Page[RollbackPoint]:
    """Rollback points of a run, of a device, or all; the newest first."""
    query = sa.select(RollbackPoint)
    if run_id is not None:
        query = query.where(RollbackPoint.run_id == run_id)
    if device_id is not None:
        query = query.where(RollbackPoint.device_id == device_id)
    return paginate(session, query, by=[RollbackPoint.id], limit=limit, cursor=cursor, descending=True)


def names(session: ScopedSession, points: Sequence[RollbackPoint]) -> dict[int, str]:
    """The names of the points' devices, by id."""
    query = sa.select(Device.id, Device.name).where(Device.id.in_([point.device_id for point in points]))
    return dict(session.execute(query).all())
