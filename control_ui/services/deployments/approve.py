"""Four eyes: a proposed deployment waits until another person has approved the very differences they have seen.

The configurations are made when it is proposed and never change, so what was approved is what is deployed. Where a
device has been given something else meanwhile, the differences are other ones, and it has to be proposed anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Approval, ConfigVersion, Deployment, DeploymentDevice, Device, DeviceState
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.runs import Decision
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import REFUSED, Subject, record
from control_ui.services.deployments import record as telling
from control_ui.services.deployments.finish import cancel_pending
from control_ui.services.deployments.lock import lock_with_rivals
from control_ui.services.deployments.opening import start
from control_ui.services.errors import ConflictError, ForbiddenError, NotFoundError
from control_ui.services.rows import fetch, swap


def decide(
    session: ScopedSession,
    actor: Actor,
    deployment_id: int,
    decision: Decision,
    seen_sha256: str,
    comment: str,
    now: datetime,
) -> Approval:
    """Approve or reject a proposed deployment. Commits.

    Raises NotFoundError; ForbiddenError for who asked for it; ConflictError where it has been decided on, has waited
    too long, where other differences were seen, or where they are not the same any more.
    """
    deployment = _locked(session, deployment_id)
    approval = of_deployment(session, deployment_id)
    _refuse_own(session, actor, deployment, comment, now)
    _check_open(deployment, approval, seen_sha256, now)
    if decision == Decision.APPROVED:
        _check_unchanged(session, deployment)
        action, after = "approve", _approved(session, deployment, now)
    else:
        action, after = "reject", _rejected(session, actor, deployment, comment, now)
    approval.decision, approval.decided_by_id, approval.decided_at = decision, actor.user_id, now
    approval.diff_sha256, approval.comment = seen_sha256, comment
    before, after = {"state": DeploymentState.PROPOSED}, after | {"diff_sha256": seen_sha256}
    telling.tell(session, actor, deployment, action, now=now, reason=comment, before=before, after=after)
    session.commit()
    return approval


def of_deployment(session: ScopedSession, deployment_id: int) -> Approval:
    """Raises NotFoundError where it needs none."""
    approval = found(session, deployment_id)
    if approval is None:
        raise NotFoundError(f"deployment {deployment_id} needs no approval")
    return approval


def found(session: ScopedSession, deployment_id: int) -> Approval | None:
    """The approval of a deployment; None where it needs none."""
    return session.scalars(sa.select(Approval).where(Approval.deployment_id == deployment_id)).one_or_none()


def _locked(session: ScopedSession, deployment_id: int) -> Deployment:
    """With all that it may take over, and what it takes back."""
    deployment = fetch(session, Deployment, deployment_id, "deployment")
    mine = sa.select(DeploymentDevice.device_id).where(DeploymentDevice.deployment_id == deployment_id)
    also = [deployment_id] + ([deployment.rollback_of_id] if deployment.rollback_of_id is not None else [])
    return lock_with_rivals(session, session.scalars(mine).all(), also=also)[deployment_id]


def _refuse_own(session: ScopedSession, actor: Actor, deployment: Deployment, comment: str, now: datetime) -> None:
    if actor.user_id is not None and actor.user_id != deployment.requested_by_id:
        return
    record(
        session,
        actor,
        "deployment.approve",
        Subject("deployment", deployment.id, telling.name(deployment)),
        tenant_id=deployment.tenant_id,
        reason=comment,
        outcome=REFUSED,
        at=now,
    )
    session.commit()
    raise ForbiddenError("four eyes: who asked for a deployment cannot decide on it")


def _check_open(deployment: Deployment, approval: Approval, seen_sha256: str, now: datetime) -> None:
    if deployment.state != DeploymentState.PROPOSED or approval.decision is not None:
        raise ConflictError(f"there is nothing to decide: this deployment is {deployment.state}")
    if approval.expires_at <= now:
        raise ConflictError("it has waited for a decision for too long: ask for the deployment anew")
    if seen_sha256 != deployment.diff_sha256:
        raise ConflictError("these are not the differences of this deployment: read them again, then decide")


def _check_unchanged(session: ScopedSession, deployment: Deployment) -> None:
    """Raises ConflictError where a device runs or is wanted to run something else than when it was proposed."""
    newer = sa.orm.aliased(ConfigVersion)
    in_force = sa.select(newer.id).where(
        newer.device_id == DeploymentDevice.device_id, newer.number == DeviceState.config_version
    )
    later = sa.exists().where(newer.device_id == DeploymentDevice.device_id, newer.number > ConfigVersion.number)
    changed = (
        sa.select(Device.name)
        .select_from(DeploymentDevice)
        .join(Device, Device.id == DeploymentDevice.device_id)
        .join(DeviceState, DeviceState.device_id == DeploymentDevice.device_id)
        .outerjoin(ConfigVersion, ConfigVersion.id == DeploymentDevice.config_version_id)
        .where(
            DeploymentDevice.deployment_id == deployment.id,
            DeploymentDevice.progress == DeviceProgress.PENDING,
            sa.or_(
                DeviceState.desired_config_id.is_distinct_from(DeploymentDevice.wanted_before_id),
                in_force.scalar_subquery().is_distinct_from(DeploymentDevice.previous_config_version_id),
                later,
            ),
        )
        .order_by(Device.name)
    )
    names = session.scalars(changed).all()
    if names:
        which = telling.named((name, "") for name in names)
        raise ConflictError(
            f"these devices have been given something else since it was proposed: {which}; propose it anew"
        )


def _approved(session: ScopedSession, deployment: Deployment, now: datetime) -> dict[str, Any]:
    if not swap(
        session,
        Deployment,
        deployment.id,
        Deployment.state,
        DeploymentState.PROPOSED,
        {"state": DeploymentState.RUNNING},
    ):
        raise ConflictError("somebody else has decided on it at the same moment: read it again")
    return {"state": DeploymentState.RUNNING, "superseded": start(session, deployment, now)}


def _rejected(
    session: ScopedSession, actor: Actor, deployment: Deployment, comment: str, now: datetime
) -> dict[str, Any]:
    reason = f"rejected by {actor.name}: {comment}".removesuffix(": ")
    values = {"state": DeploymentState.CANCELED, "finished_at": now, "stop_reason": reason}
    if not swap(session, Deployment, deployment.id, Deployment.state, DeploymentState.PROPOSED, values):
        raise ConflictError("somebody else has decided on it at the same moment: read it again")
    cancel_pending(session, deployment, now)
    return {"state": DeploymentState.CANCELED}
