"""A site over ten hours, told minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from control_ui.models import Device, DeviceSample, DeviceStatusChange, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.reports import sla as service
from control_ui.services.reports.period import Period
from control_ui.services.reports.sla import Options, Sla

BEGIN = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOURS = 10
PERIOD = Period(BEGIN, BEGIN + timedelta(hours=HOURS), ZoneInfo("America/Chicago"))
NOW = PERIOD.end + timedelta(days=1)


def at(minute: float) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def changed(session: ScopedSession, device: Device, minute: float, status: DeviceStatus) -> None:
    session.add(
        DeviceStatusChange(tenant_id=device.tenant_id, device_id=device.id, at=at(minute), status=status, reasons=["x"])
    )
    session.flush()


def sampled(session: ScopedSession, device: Device, start: int, end: int, **values: Any) -> None:
    """A sample at each minute from `start` until before `end`."""
    session.add_all(
        DeviceSample(
            tenant_id=device.tenant_id, device_id=device.id, at=at(minute),
            **{"snapshot_fresh": True, "stream_status": "streaming"} | values,
        )
        for minute in range(start, end)
    )  # fmt: skip
    session.flush()


def report(session: ScopedSession, tenant: Tenant, period: Period = PERIOD, now: datetime = NOW, **options: Any) -> Sla:
    session.commit()
    return service.report(session, tenant, period, Options(**options), now)
