"""The newest deployment wins: what older ones were about to give its devices is not given any more."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import record
from control_ui.services.deployments.evidence import Verdict
from control_ui.services.deployments.lock import STILL_WANTED, UNSETTLED
from control_ui.services.deployments.standing import standings
from control_ui.services.deployments.withdraw import unwant


def supersede(session: ScopedSession, deployment: Deployment, now: datetime) -> dict[str, list[str]]:
    """Take this deployment's devices out of all older ones, which must be locked. Gives the names of the devices by
    deployment. What is proposed only is left alone: it finds out when it is approved."""
    mine = sa.select(DeploymentDevice.device_id).where(
        DeploymentDevice.deployment_id == deployment.id, DeploymentDevice.progress == DeviceProgress.PENDING
    )
    started = sa.select(Deployment.id).where(
        Deployment.state != DeploymentState.PROPOSED, Deployment.id != deployment.id
    )
    older = standings(
        session,
        DeploymentDevice.device_id.in_(mine),
        DeploymentDevice.progress.in_(STILL_WANTED),
        DeploymentDevice.deployment_id.in_(started),
    )
    unwant(session, older, now)
    verdict = Verdict(DeviceProgress.SUPERSEDED, f"{record.name(deployment)} is newer")
    taken = [standing for standing in older if standing.progress in UNSETTLED]
    record.write(session, [(standing, verdict) for standing in taken], now)
    by_deployment: dict[str, list[str]] = {}
    for standing in taken:
        by_deployment.setdefault(str(standing.deployment_id), []).append(standing.name)
    return by_deployment
