"""In a deployment that is taken back, each device stands where its rollback has brought it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import record
from control_ui.services.deployments.evidence import Verdict
from control_ui.services.deployments.standing import standings

_MEANS = {
    DeviceProgress.APPLIED: DeviceProgress.ROLLED_BACK,
    DeviceProgress.FAILED: DeviceProgress.ROLLBACK_FAILED,
    DeviceProgress.CANCELED: DeviceProgress.ROLLBACK_FAILED,
    DeviceProgress.EXPIRED: DeviceProgress.ROLLBACK_FAILED,
    DeviceProgress.HELD: DeviceProgress.ROLLBACK_FAILED,
    DeviceProgress.SUPERSEDED: DeviceProgress.SUPERSEDED,
}
"""What the verdict of the rollback means for what it takes back; with any other the device is still on its way."""


def follow_rollback(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Take over what has come of the devices that are going back. The deployment must be locked; does not commit."""
    going = standings(
        session,
        DeploymentDevice.deployment_id == deployment.id,
        DeploymentDevice.progress.in_([DeviceProgress.ROLLING_BACK, DeviceProgress.ROLLBACK_FAILED]),
    )
    if not going:
        return False
    results = _results(session, deployment)
    verdicts = []
    for standing in going:
        result, detail = results.get(standing.device_id, (None, ""))
        progress = _MEANS.get(result) if result is not None else None
        if progress is not None and progress != standing.progress:
            verdicts.append((standing, Verdict(progress, detail)))
    if not verdicts:
        return False
    record.write(session, verdicts, now)
    actor = record.by_itself(deployment)
    record.tell(session, actor, deployment, "follow_rollback", now=now, after={"devices": record.told(verdicts)})
    return True


def _results(session: ScopedSession, deployment: Deployment) -> dict[int, tuple[DeviceProgress, str]]:
    """By device, where its latest rollback of this deployment has brought it, and why."""
    query = (
        sa.select(DeploymentDevice.device_id, DeploymentDevice.progress, DeploymentDevice.detail)
        .join(Deployment, Deployment.id == DeploymentDevice.deployment_id)
        .where(Deployment.rollback_of_id == deployment.id, Deployment.state != DeploymentState.PROPOSED)
        .order_by(Deployment.id)
    )
    return {device_id: (progress, detail) for device_id, progress, detail in session.execute(query)}
