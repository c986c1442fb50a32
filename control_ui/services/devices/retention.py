"""How long events of runs, log lines and samples are kept: as long as each tenant says, and never without end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from control_ui.models import DeviceLog, DeviceSample, RunEvent, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import partitions

DEFAULT_DAYS = 90
"""Where there is no tenant yet."""


@dataclass(frozen=True)
class _Kept:
    """A table whose rows go, and the column of a tenant that says after how many days."""

    model: Any
    days: InstrumentedAttribute[int]

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)


TABLES = (
    _Kept(RunEvent, Tenant.event_retention_days),
    _Kept(DeviceLog, Tenant.log_retention_days),
    _Kept(DeviceSample, Tenant.sample_retention_days),
)


def ensure_partitions(session: ScopedSession, now: datetime) -> int:
    """Make the partitions that rows will go to; gives how many there were to make. Nothing to do but on PostgreSQL."""
    if session.get_bind().dialect.name != "postgresql":
        return 0
    return sum(partitions.ensure(session, kept.table, _first_kept(session, kept, now), now) for kept in TABLES)


def prune(session: ScopedSession, now: datetime) -> int:
    """Delete what is older than its tenant keeps it; gives how many rows. Whole days nobody keeps go without being
    counted, as partitions, on PostgreSQL."""
    deleted = 0
    for kept in TABLES:
        if session.get_bind().dialect.name == "postgresql":
            partitions.drop(session, kept.table, _first_kept(session, kept, now))
        for tenant_id, days in session.execute(sa.select(Tenant.id, kept.days)).all():
            too_old = sa.delete(kept.model).where(
                kept.model.tenant_id == tenant_id, kept.model.at < now - timedelta(days=days)
            )
            result = session.execute(too_old, execution_options={"synchronize_session": False})
            deleted += int(getattr(result, "rowcount", 0))
            session.commit()
    return deleted


def _first_kept(session: ScopedSession, kept: _Kept, now: datetime) -> date:
    """The first day of which somebody may still keep rows."""
    longest = session.scalar(sa.select(sa.func.max(kept.days)))
    return (now.astimezone(UTC) - timedelta(days=longest or DEFAULT_DAYS)).date()
