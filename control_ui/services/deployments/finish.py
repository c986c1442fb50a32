"""How a deployment ends. Devices that are off do not keep it from ending: they come round by themselves."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Approval, Deployment, DeploymentDevice, Device
from control_ui.models.deployments import DeploymentState, DeviceProgress, Strategy
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import record
from control_ui.services.deployments.start_wave import next_wave
from control_ui.services.rows import swap


def finish(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """End it, if its last wave has passed and, of two sides, the report is there. The deployment must be locked; does
    not commit."""
    if deployment.state != DeploymentState.RUNNING or next_wave(session, deployment) is not None:
        return False
    if deployment.current_wave and deployment.wave_passed_at is None:
        return False
    if deployment.strategy == Strategy.AB and deployment.current_wave and deployment.comparison is None:
        return False
    progress = _progress(session, deployment)
    state, words = _verdict(session, deployment, progress)
    values = {"state": state, "finished_at": now, "stop_reason": words}
    if not swap(session, Deployment, deployment.id, Deployment.state, DeploymentState.RUNNING, values):
        return False
    record.tell(
        session,
        record.by_itself(deployment),
        deployment,
        "finish",
        now=now,
        reason=words,
        before={"state": DeploymentState.RUNNING},
        after={"state": state, "devices": dict(progress)},
    )
    return True


def expire_proposal(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Nobody has decided on it in time. The deployment must be locked; does not commit."""
    if deployment.state != DeploymentState.PROPOSED:
        return False
    expires_at = session.scalars(
        sa.select(Approval.expires_at).where(Approval.deployment_id == deployment.id)
    ).one_or_none()
    if expires_at is None or now < expires_at:
        return False
    reason = "nobody approved it in time"
    values = {"state": DeploymentState.CANCELED, "finished_at": now, "stop_reason": reason}
    if not swap(session, Deployment, deployment.id, Deployment.state, DeploymentState.PROPOSED, values):
        return False
    cancel_pending(session, deployment, now)
    record.tell(session, record.by_itself(deployment), deployment, "expire", now=now, reason=reason)
    return True


def cancel_pending(session: ScopedSession, deployment: Deployment, now: datetime) -> None:
    """What has not had its turn gets none."""
    waiting = [DeviceProgress.PENDING, DeviceProgress.HELD]
    session.execute(
        sa.update(DeploymentDevice)
        .where(DeploymentDevice.deployment_id == deployment.id, DeploymentDevice.progress.in_(waiting))
        .values(progress=DeviceProgress.CANCELED, detail="its turn had not come", settled_at=now)
    )


def _verdict(session: ScopedSession, deployment: Deployment, progress: Counter[str]) -> tuple[DeploymentState, str]:
    """A rollback has failed where it has failed for one device; any other deployment only past its threshold."""
    bad = [DeviceProgress.FAILED, DeviceProgress.HELD]
    if deployment.template_version_id is None and any(progress[word] for word in bad):
        return (
            DeploymentState.FAILED,
            f"these devices did not go back: {record.named(_named(session, deployment, bad))}",
        )
    if progress and set(progress) == {str(DeviceProgress.SUPERSEDED)} and deployment.template_version_id is not None:
        return DeploymentState.CANCELED, "newer configurations have taken over all of its devices"
    return DeploymentState.SUCCEEDED, ""


def _progress(session: ScopedSession, deployment: Deployment) -> Counter[str]:
    query = sa.select(DeploymentDevice.progress, sa.func.count()).where(DeploymentDevice.deployment_id == deployment.id)
    counted = session.execute(query.group_by(DeploymentDevice.progress))
    return Counter({str(word): number for word, number in counted})


def _named(session: ScopedSession, deployment: Deployment, progress: list[DeviceProgress]) -> list[tuple[str, str]]:
    query = (
        sa.select(Device.name, DeploymentDevice.detail)
        .join(Device, Device.id == DeploymentDevice.device_id)
        .where(DeploymentDevice.deployment_id == deployment.id, DeploymentDevice.progress.in_(progress))
        .order_by(Device.name)
    )
    return list(session.execute(query))
