"""Deployments: a template's version on many devices, wave by wave, on evidence."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from control_ui.models.base import Base, TenantOwned, words


class Strategy(StrEnum):
    ALL = "all"
    WAVES = "waves"
    AB = "ab"


class DeploymentState(StrEnum):
    """`proposed` waits for an approval; the last four are final."""

    PROPOSED = "proposed"
    RUNNING = "running"
    PAUSED = "paused"
    ROLLING_BACK = "rolling back"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    CANCELED = "canceled"


FINAL_DEPLOYMENT_STATES = (
    DeploymentState.SUCCEEDED,
    DeploymentState.FAILED,
    DeploymentState.ROLLED_BACK,
    DeploymentState.CANCELED,
)


class DeviceProgress(StrEnum):
    """Where a device stands. `waiting`: it is off, and gets the configuration when it comes back, until `expired`."""

    PENDING = "pending"
    DELIVERING = "delivering"
    APPLIED = "applied"
    FAILED = "failed"
    WAITING = "waiting"
    EXPIRED = "expired"
    HELD = "held"
    SUPERSEDED = "superseded"
    CANCELED = "canceled"
    ROLLING_BACK = "rolling back"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"


class Deployment(TenantOwned, Base):
    """`state` moves by compare-and-swap only. Everything needed to go on after a crash is in these rows."""

    __tablename__ = "deployments"

    id: Mapped[int] = mapped_column(primary_key=True)
    template_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("template_versions.id"), index=True)
    """None for a rollback, which gives each device a configuration of its own past."""
    template_version_b_id: Mapped[int | None] = mapped_column(sa.ForeignKey("template_versions.id"))
    rollback_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("deployments.id"), index=True)
    strategy: Mapped[Strategy] = words(Strategy)
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Waves, thresholds, time limits and split, as in the API's DeploymentParameters; of a rollback, `to` what."""
    target: Mapped[dict[str, Any]]
    state: Mapped[DeploymentState] = words(DeploymentState, index=True)
    current_wave: Mapped[int] = mapped_column(default=0)
    """The wave that was started last, from 1; 0 before the first."""
    wave_started_at: Mapped[datetime | None]
    wave_passed_at: Mapped[datetime | None]
    """When every device of the current wave had been judged, and few enough had failed."""
    reason: Mapped[str] = mapped_column(default="")
    requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    stop_reason: Mapped[str] = mapped_column(default="")
    """Why it stopped: the threshold and what passed it, or who canceled it."""
    diff_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    """Of the differences of all devices' configurations; what an approval is bound to."""
    comparison: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    """The report on the two sides, for `ab`."""


class DeploymentDevice(TenantOwned, Base):
    """One device of a deployment."""

    __tablename__ = "deployment_devices"
    __table_args__ = (sa.UniqueConstraint("deployment_id", "device_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    deployment_id: Mapped[int] = mapped_column(sa.ForeignKey("deployments.id"))
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), index=True)
    wave: Mapped[int]
    side: Mapped[str] = mapped_column(sa.String(1), default="a")
    progress: Mapped[DeviceProgress] = words(DeviceProgress, index=True)
    config_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_versions.id"), index=True)
    """None: the Pi is told to go back to what it had before, by its own `config rollback`."""
    previous_config_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_versions.id"))
    """What was in force before; None where that did not come from here."""
    wanted_before_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_versions.id"))
    """What was desired before, in force or not."""
    wanted_before_expires_at: Mapped[datetime | None]
    offered_at: Mapped[datetime | None]
    """When the Pi was first wanted to run it: the start of its wave."""
    rollback_config_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_versions.id"))
    """The new number with the old content, once it is rolled back."""
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("runs.id"))
    detail: Mapped[str] = mapped_column(default="")
    """Why it failed or waits, redacted."""
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the verdict rests on: `{config_version, stream_status, snapshot: {sequence, captured_at}, seen_at}`;
    `against`
    where the Pi itself refused the configuration or went back."""
    changed_at: Mapped[datetime | None]
    """When the new configuration was first reported in force."""
    settled_at: Mapped[datetime | None]
    """When the last verdict fell."""

    deployment: Mapped[Deployment] = relationship()
