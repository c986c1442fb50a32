"""What is known of the devices of a deployment at one moment, in one statement however many they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigVersion, DeploymentDevice, Device, DeviceState, HostResult
from control_ui.models.deployments import DeviceProgress
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import HostOutcome, HostProgress
from control_ui.models.scope import ScopedSession

DEFAULT_INTERVAL_SECONDS = 12.0
STALE_AFTER_INTERVALS = 3
"""Both as config.schema.json has them."""


@dataclass(frozen=True)
class Standing:
    """One device of a deployment: the row, the Pi's last report, and what its run has come to."""

    row_id: int
    deployment_id: int
    device_id: int
    name: str
    wave: int
    progress: DeviceProgress
    config_version_id: int | None
    previous_id: int | None
    wanted_before_id: int | None
    wanted_before_expires_at: datetime | None
    offered_at: datetime | None
    changed_at: datetime | None
    evidence: dict[str, Any]
    detail: str
    rollback_id: int | None
    run_id: int | None
    number: int | None
    """Of the configuration it is to have."""
    interval_seconds: float | None
    stale_after: float | None
    status: DeviceStatus
    last_seen_at: datetime | None
    reported: int | None
    """The number in force, as the Pi says."""
    report: dict[str, Any]
    wanted_id: int | None
    """What it is wanted to run at this moment, expired or not."""
    wanted_until: datetime | None
    wanted_number: int | None
    host_progress: HostProgress | None
    host_outcome: HostOutcome | None
    host_message: str | None

    @property
    def stale_after_seconds(self) -> float:
        """From which age on its picture is stale."""
        return self.stale_after or STALE_AFTER_INTERVALS * (self.interval_seconds or DEFAULT_INTERVAL_SECONDS)

    @property
    def runs_it(self) -> bool:
        """Whether the Pi reports this deployment's configuration in force."""
        return self.number is not None and self.reported == self.number

    @property
    def seen_since_offered(self) -> bool:
        """Whether the Pi has checked in since it was wanted to run it."""
        return self.offered_at is not None and self.last_seen_at is not None and self.last_seen_at > self.offered_at

    @property
    def may_have_it(self) -> bool:
        """Whether the Pi may have been given the configuration, by pull or by push."""
        pushed = self.host_progress in (HostProgress.IN_FLIGHT, HostProgress.INTERRUPTED) or self.host_outcome in (
            HostOutcome.OK,
            HostOutcome.CHANGED,
            HostOutcome.FAILED,
        )
        return self.runs_it or self.changed_at is not None or pushed or self.seen_since_offered


def standings(session: ScopedSession, *conditions: sa.ColumnElement[bool]) -> list[Standing]:
    """Of the rows of DeploymentDevice (joined with DeviceState) that meet the conditions, by name of device."""
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(*(column.label(name) for name, column in _COLUMNS.items()))
        .select_from(DeploymentDevice)
        .join(Device, Device.id == DeploymentDevice.device_id)
        .join(DeviceState, DeviceState.device_id == DeploymentDevice.device_id)
        .outerjoin(ConfigVersion, ConfigVersion.id == DeploymentDevice.config_version_id)
        .outerjoin(_WANTED, _WANTED.id == DeviceState.desired_config_id)
        .outerjoin(
            HostResult,
            sa.and_(HostResult.run_id == DeploymentDevice.run_id, HostResult.device_id == DeploymentDevice.device_id),
        )
        .where(*conditions)
        .order_by(Device.name, DeploymentDevice.id)
    )
    return [Standing(**found) for found in session.execute(query).mappings()]


_WANTED = sa.orm.aliased(ConfigVersion)
_COLUMNS: dict[str, sa.SQLColumnExpression[Any]] = {
    "row_id": DeploymentDevice.id,
    "deployment_id": DeploymentDevice.deployment_id,
    "device_id": DeploymentDevice.device_id,
    "name": Device.name,
    "wave": DeploymentDevice.wave,
    "progress": DeploymentDevice.progress,
    "config_version_id": DeploymentDevice.config_version_id,
    "previous_id": DeploymentDevice.previous_config_version_id,
    "wanted_before_id": DeploymentDevice.wanted_before_id,
    "wanted_before_expires_at": DeploymentDevice.wanted_before_expires_at,
    "offered_at": DeploymentDevice.offered_at,
    "changed_at": DeploymentDevice.changed_at,
    "evidence": DeploymentDevice.evidence,
    "detail": DeploymentDevice.detail,
    "rollback_id": DeploymentDevice.rollback_config_version_id,
    "run_id": DeploymentDevice.run_id,
    "number": ConfigVersion.number,
    "interval_seconds": ConfigVersion.shown["snapshot_interval_seconds"].as_float(),
    "stale_after": ConfigVersion.shown["stale_after_seconds"].as_float(),
    "status": DeviceState.status,
    "last_seen_at": DeviceState.last_seen_at,
    "reported": DeviceState.config_version,
    "report": DeviceState.report,
    "wanted_id": DeviceState.desired_config_id,
    "wanted_until": DeviceState.desired_expires_at,
    "wanted_number": _WANTED.number,
    "host_progress": HostResult.progress,
    "host_outcome": HostResult.outcome,
    "host_message": HostResult.message,
}
