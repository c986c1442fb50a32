"""One device of a deployment: where it stands, why, and on what evidence."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice, Device
from control_ui.models.deployments import DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments.differences import DeviceDifference, differences
from control_ui.services.deployments.evidence import missing, picture_fault, stream_fault
from control_ui.services.deployments.standing import Standing, standings
from control_ui.services.errors import NotFoundError


@dataclass(frozen=True)
class Step:
    """One of the things a Pi has to show: `shown` is None where it is not asked about yet."""

    name: str
    shown: bool | None
    words: str


@dataclass(frozen=True)
class OneDevice:
    """`difference` is what the deployment changes there; `lacking` what the Pi has not shown so far."""

    row: DeploymentDevice
    device: Device
    standing: Standing
    steps: list[Step]
    lacking: str
    difference: DeviceDifference


def of(session: ScopedSession, deployment: Deployment, device_id: int) -> OneDevice:
    """Raises NotFoundError."""
    query = sa.select(DeploymentDevice, Device).join(Device, Device.id == DeploymentDevice.device_id)
    mine = query.where(DeploymentDevice.deployment_id == deployment.id, DeploymentDevice.device_id == device_id)
    found = session.execute(mine).unique().one_or_none()
    if found is None:
        raise NotFoundError(f"device {device_id} is not part of deployment {deployment.id}")
    row, device = found
    (standing,) = standings(session, DeploymentDevice.id == row.id)
    (difference,) = differences(session, [row])
    open_ = row.progress in (DeviceProgress.DELIVERING, DeviceProgress.WAITING, DeviceProgress.FAILED)
    lacking = missing(standing) if open_ and row.offered_at is not None else ""
    return OneDevice(row, device, standing, _steps(row, standing), lacking, difference)


def _steps(row: DeploymentDevice, standing: Standing) -> list[Step]:
    """What is applied has shown everything once; whatever else is judged by the Pi's last report."""
    names = ("the version is in force", "the stream is healthy", "a fresh picture was taken under it")
    if row.progress == DeviceProgress.APPLIED:
        return [Step(name, True, "") for name in names]
    if row.offered_at is None:
        return [Step(name, None, "") for name in names]
    in_force = standing.seen_since_offered and standing.runs_it
    reported = f"the Pi reports version {standing.reported}" if standing.reported else "the Pi has reported none"
    stream, picture = stream_fault(standing), picture_fault(standing)
    return [
        Step(names[0], in_force, "" if in_force else reported),
        Step(names[1], not stream if in_force else None, stream if in_force else ""),
        Step(names[2], not picture if in_force else None, picture if in_force else ""),
    ]
