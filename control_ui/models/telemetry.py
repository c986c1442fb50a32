"""What Pis tell over time: log lines, samples, and changes of status. Partitioned by time on PostgreSQL, pruned
everywhere."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from control_ui.models.base import Base, TenantOwned, TenantStamped, words
from control_ui.models.devices import DeviceStatus


class DeviceLog(TenantStamped, Base):
    """A line of a Pi's journal. The key tells a line that was sent twice."""

    __tablename__ = "device_logs"
    __table_args__ = (
        sa.PrimaryKeyConstraint("device_id", "entry_id", "at"),
        sa.Index("ix_device_logs_device_at", "device_id", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    device_id: Mapped[int]
    entry_id: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the journal's cursor."""
    at: Mapped[datetime]
    unit: Mapped[str] = mapped_column(sa.String(100), default="")
    priority: Mapped[int]
    """syslog's: 0 emergency to 7 debug."""
    message: Mapped[str]


class DeviceSample(TenantStamped, Base):
    """How a Pi was at one moment, about once a minute. What it could not measure is None."""

    __tablename__ = "device_samples"
    __table_args__ = (sa.PrimaryKeyConstraint("device_id", "at"), {"postgresql_partition_by": "RANGE (at)"})

    device_id: Mapped[int]
    at: Mapped[datetime]
    cpu_usage_percent: Mapped[float | None]
    memory_usage_bytes: Mapped[int | None]
    memory_total_bytes: Mapped[int | None]
    temperature_celsius: Mapped[float | None]
    disk_usage_percent: Mapped[float | None]
    network_received_bytes: Mapped[int | None]
    network_transmitted_bytes: Mapped[int | None]
    stream_status: Mapped[str | None] = mapped_column(sa.String(24))
    stream_restarts: Mapped[int | None]
    stream_reconnects: Mapped[int | None]
    snapshot_age_seconds: Mapped[float | None]
    snapshot_fresh: Mapped[bool | None]
    snapshots_published: Mapped[int | None]
    """Since the stream unit started."""
    config_version: Mapped[int | None]


class DeviceStatusChange(TenantOwned, Base):
    """From this moment on a device was so. The history behind the SLA report."""

    __tablename__ = "device_status_changes"
    __table_args__ = (sa.Index("ix_device_status_changes_device_at", "device_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"))
    at: Mapped[datetime]
    status: Mapped[DeviceStatus] = words(DeviceStatus)
    reasons: Mapped[list[str]] = mapped_column(default=list)
