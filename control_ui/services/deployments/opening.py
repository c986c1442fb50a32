"""How a deployment begins: at once, or proposed, where the tenant wants four eyes on every change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Approval, Deployment, DeploymentDevice, Tenant
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.deployments import differences, record
from control_ui.services.deployments.supersede import supersede
from control_ui.services.runs.approvals import LIFETIME


def first_state(session: ScopedSession, actor: Actor, tenant_id: int) -> DeploymentState:
    """What a deployment of this actor begins as. What goes back by itself was approved with what it takes back."""
    if actor.kind == "system":
        return DeploymentState.RUNNING
    tenant = rows.fetch(session, Tenant, tenant_id, "tenant")
    return DeploymentState.PROPOSED if tenant.requires_approval else DeploymentState.RUNNING


def opened(session: ScopedSession, actor: Actor, deployment: Deployment, after: dict[str, Any], now: datetime) -> None:
    """The deployment's rows are there: begin, or wait for the second pair of eyes. `after` is for the audit trail."""
    session.flush()
    if deployment.state == DeploymentState.PROPOSED:
        _propose(session, deployment, now)
    else:
        after = after | {"superseded": start(session, deployment, now)}
    after = after | {"state": deployment.state, "diff_sha256": deployment.diff_sha256}
    record.tell(session, actor, deployment, "request", now=now, reason=deployment.reason, after=after)


def start(session: ScopedSession, deployment: Deployment, now: datetime) -> dict[str, list[str]]:
    """It begins. Gives the devices that it takes over, by deployment; these must be locked."""
    deployment.started_at = now
    session.flush()
    if deployment.rollback_of_id is not None:
        _mark_rolling_back(session, deployment, now)
    return supersede(session, deployment, now)


def _propose(session: ScopedSession, deployment: Deployment, now: datetime) -> None:
    mine = sa.select(DeploymentDevice).where(
        DeploymentDevice.deployment_id == deployment.id, DeploymentDevice.progress == DeviceProgress.PENDING
    )
    found = differences.differences(session, session.scalars(mine).all())
    deployment.diff_sha256 = differences.sha256(found)
    session.add(
        Approval(
            tenant_id=deployment.tenant_id,
            deployment_id=deployment.id,
            requested_by_id=deployment.requested_by_id,
            requested_at=now,
            expires_at=now + LIFETIME,
        )
    )
    session.flush()


def _mark_rolling_back(session: ScopedSession, rollback: Deployment, now: datetime) -> None:
    """In the deployment that is taken back, note for each device what it gets instead."""
    mine = sa.select(DeploymentDevice.device_id, DeploymentDevice.config_version_id).where(
        DeploymentDevice.deployment_id == rollback.id, DeploymentDevice.progress == DeviceProgress.PENDING
    )
    instead = dict(session.execute(mine).all())
    theirs = sa.select(DeploymentDevice.id, DeploymentDevice.device_id).where(
        DeploymentDevice.deployment_id == rollback.rollback_of_id, DeploymentDevice.device_id.in_(instead)
    )
    values = [
        {
            "id": row_id,
            "progress": DeviceProgress.ROLLING_BACK,
            "detail": f"goes back by {record.name(rollback)}",
            "rollback_config_version_id": instead[device_id],
            "settled_at": now,
        }
        for row_id, device_id in session.execute(theirs)
    ]
    if values:
        session.execute(sa.update(DeploymentDevice), values)
