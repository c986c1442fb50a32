"""What is worked out once and kept: how each site was served day by day, and reports as files."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from control_ui.models.base import Base, TenantOwned, Walled, words


class SiteDay(TenantOwned, Base):
    """How one site was served on one day of its tenant. The seconds are those of the SLA report.

    Kept for longer than the samples it was worked out from.
    """

    __tablename__ = "site_days"
    __table_args__ = (sa.Index("ix_site_days_tenant_day", "tenant_id", "day"),)

    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"))
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    counted_seconds: Mapped[float]
    reachable_seconds: Mapped[float]
    fresh_seconds: Mapped[float]
    available_seconds: Mapped[float]
    gaps: Mapped[int]
    pictures: Mapped[int]
    """Taken by its Pis, as far as samples show."""
    samples: Mapped[int]
    """That tell of a picture's age."""
    picture_age_seconds: Mapped[float]
    """The sum of the ages those samples tell of."""
    oldest_picture_seconds: Mapped[float]
    """The greatest of these ages."""
    measured_at: Mapped[datetime]
    final: Mapped[bool] = mapped_column(default=False)
    """The day was over for good when it was measured."""


class ReportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class ReportFile(Walled, Base):
    """A report somebody asked for, made by a worker. `state` moves by compare-and-swap only. `tenant_id` is None for
    one about all tenants."""

    __tablename__ = "report_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(24))
    """runs, sla or evidence."""
    wanted: Mapped[dict[str, Any]]
    """What was asked for: `from`, `to`, `format`, and what it is narrowed to."""
    state: Mapped[ReportState] = words(ReportState, index=True)
    progress: Mapped[str] = mapped_column(default="")
    """How far it has come, in words."""
    requested_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    requested_at: Mapped[datetime]
    remote_address: Mapped[str] = mapped_column(sa.String(45), default="")
    request_id: Mapped[str] = mapped_column(sa.String(36), default="")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    """Then the file is deleted, and this row with it."""
    file_name: Mapped[str] = mapped_column(default="")
    """As it is called where it is downloaded."""
    media_type: Mapped[str] = mapped_column(sa.String(100), default="")
    size_bytes: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    error: Mapped[str] = mapped_column(default="")
