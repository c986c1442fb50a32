"""Whether a wave has passed, or so much of it has failed that it has to be taken back."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice, Device
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import parameters, record, rollback
from control_ui.services.deployments.start_wave import next_wave
from control_ui.services.rows import swap

GOING_ON = (DeploymentState.RUNNING, DeploymentState.PAUSED)
COUNTED = (DeviceProgress.DELIVERING, DeviceProgress.APPLIED, DeviceProgress.FAILED)
"""Who is off, held or taken over shows nothing, and does not count."""


def stop_if_too_many_failed(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Stop and roll back once more of the current wave has failed than may. A pause does not keep it from that. The
    deployment must be locked; does not commit."""
    if deployment.state not in GOING_ON or deployment.current_wave == 0:
        return False
    progress = _progress(session, deployment)
    failed, counted = progress[DeviceProgress.FAILED], sum(progress[word] for word in COUNTED)
    passed = parameters.of(deployment).passed_threshold(failed, counted)
    if not passed:
        return False
    which = record.named(_failed(session, deployment))
    reason = f"{failed} of {counted} devices failed in wave {deployment.current_wave}, {passed} may: {which}"
    rollback.stop_and_roll_back(session, deployment, reason, now)
    return True


def pass_wave(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Note that the current wave is through. Where nothing has shown that the configuration works and more devices are
    to come, a person has to say how to go on."""
    if deployment.state not in GOING_ON or deployment.current_wave == 0 or deployment.wave_passed_at is not None:
        return False
    progress = _progress(session, deployment)
    if progress[DeviceProgress.DELIVERING]:
        return False
    deployment.wave_passed_at = now
    blind = not progress[DeviceProgress.APPLIED] and next_wave(session, deployment) is not None
    if blind and deployment.state == DeploymentState.RUNNING:
        _pause(session, deployment, progress)
    after = {"wave": deployment.current_wave, "devices": dict(progress), "state": deployment.state}
    actor = record.by_itself(deployment)
    record.tell(session, actor, deployment, "pass_wave", now=now, reason=deployment.stop_reason, after=after)
    return True


def _pause(session: ScopedSession, deployment: Deployment, progress: Counter[str]) -> None:
    words = ", ".join(f"{number} {word}" for word, number in sorted(progress.items()))
    reason = (
        f"no device of wave {deployment.current_wave} has shown that the configuration works ({words}):"
        " resume to go on all the same"
    )
    values = {"state": DeploymentState.PAUSED, "stop_reason": reason}
    swap(session, Deployment, deployment.id, Deployment.state, DeploymentState.RUNNING, values)


def _progress(session: ScopedSession, deployment: Deployment) -> Counter[str]:
    query = (
        sa.select(DeploymentDevice.progress, sa.func.count())
        .where(DeploymentDevice.deployment_id == deployment.id, DeploymentDevice.wave == deployment.current_wave)
        .group_by(DeploymentDevice.progress)
    )
    return Counter({str(word): number for word, number in session.execute(query)})


def _failed(session: ScopedSession, deployment: Deployment) -> list[tuple[str, str]]:
    """Names of the failed devices of the current wave, each with why."""
    query = (
        sa.select(Device.name, DeploymentDevice.detail)
        .join(Device, Device.id == DeploymentDevice.device_id)
        .where(
            DeploymentDevice.deployment_id == deployment.id,
            DeploymentDevice.wave == deployment.current_wave,
            DeploymentDevice.progress == DeviceProgress.FAILED,
        )
        .order_by(Device.name)
    )
    return list(session.execute(query))
