"""Taking a deployment back: by itself, when too much of it has failed, or because a person says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice
from control_ui.models.deployments import FINAL_DEPLOYMENT_STATES, DeploymentState, DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.deployments import record
from control_ui.services.deployments.evidence import Verdict
from control_ui.services.deployments.finish import cancel_pending
from control_ui.services.deployments.going_back import Errand, go_back
from control_ui.services.deployments.lock import lock_with_rivals
from control_ui.services.deployments.way_back import Action, Way, acting, ways_back
from control_ui.services.deployments.withdraw import unwant
from control_ui.services.errors import ConflictError
from control_ui.services.rows import fetch, swap

GOING_ON = (DeploymentState.RUNNING, DeploymentState.PAUSED)


def roll_back(session: ScopedSession, actor: Actor, deployment_id: int, reason: str, now: datetime) -> Deployment:
    """A person takes a deployment back: gives the rollback. What has not been reached is not given it from now on, even
    while the rollback waits for its approval. Raises NotFoundError, ConflictError. Commits."""
    fetch(session, Deployment, deployment_id, "deployment")
    mine = sa.select(DeploymentDevice.device_id).where(DeploymentDevice.deployment_id == deployment_id)
    deployment = lock_with_rivals(session, session.scalars(mine).all(), also=[deployment_id])[deployment_id]
    if deployment.state == DeploymentState.PROPOSED:
        raise ConflictError("nothing of it has begun: reject or cancel it")
    if deployment.state == DeploymentState.ROLLING_BACK:
        raise ConflictError("it is being rolled back already")
    ways = ways_back(session, deployment, now)
    if not acting(ways):
        raise ConflictError("nothing of this deployment is in force or wanted any more: there is nothing to take back")
    rollback = _undo(session, actor, deployment, ways, f"rolled back by {actor.name}", reason, now)
    session.commit()
    return rollback


def stop_and_roll_back(session: ScopedSession, deployment: Deployment, reason: str, now: datetime) -> None:
    """Too much of it has failed. The deployment must be locked; does not commit."""
    ways = ways_back(session, deployment, now)
    why = f"takes back {record.name(deployment)}: {reason}"
    _undo(session, record.by_itself(deployment), deployment, ways, reason, why, now)


def _undo(
    session: ScopedSession,
    actor: Actor,
    deployment: Deployment,
    ways: Sequence[Way],
    stop_reason: str,
    reason: str,
    now: datetime,
) -> Deployment:
    before = deployment.state
    _keep_from_the_rest(session, deployment, ways, now)
    errand = Errand(
        deployment.tenant_id, deployment.target, {"before_deployment": deployment.id}, reason, deployment.id
    )
    rollback = go_back(session, actor, errand, ways, now)
    if before in GOING_ON:
        _stop(session, deployment, rollback, stop_reason, now)
    record.tell(
        session,
        actor,
        deployment,
        "roll_back",
        now=now,
        reason=reason,
        before={"state": before},
        after={"state": deployment.state, "rollback": rollback.id, "ways": {way.name: way.action for way in ways}},
    )
    return rollback


def _keep_from_the_rest(session: ScopedSession, deployment: Deployment, ways: Sequence[Way], now: datetime) -> None:
    """Devices that have not got it do not get it any more."""
    withdrawn = [way.standing for way in ways if way.action == Action.WITHDRAW and way.standing is not None]
    unwant(session, withdrawn, now)
    verdict = Verdict(DeviceProgress.CANCELED, "it had not got it, and gets it no more")
    failed = DeviceProgress.FAILED
    record.write(session, [(one, verdict) for one in withdrawn if one.progress != failed], now)
    cancel_pending(session, deployment, now)


def _stop(
    session: ScopedSession, deployment: Deployment, rollback: Deployment, stop_reason: str, now: datetime
) -> None:
    """It is rolling back; while that waits for an approval, it is canceled."""
    waits = rollback.state == DeploymentState.PROPOSED
    values: dict[str, Any] = {"state": DeploymentState.ROLLING_BACK, "stop_reason": stop_reason}
    if waits:
        values |= {"state": DeploymentState.CANCELED, "finished_at": now}
    swap(session, Deployment, deployment.id, Deployment.state, GOING_ON, values)


def end_rolling_back(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """It is rolled back once its rollback has ended, and has failed where that did. The deployment must be locked; does
    not commit."""
    if deployment.state != DeploymentState.ROLLING_BACK:
        return False
    rollback = session.scalars(
        sa.select(Deployment).where(Deployment.rollback_of_id == deployment.id).order_by(Deployment.id.desc()).limit(1)
    ).one()
    if rollback.state not in FINAL_DEPLOYMENT_STATES:
        return False
    fine = rollback.state == DeploymentState.SUCCEEDED
    state = DeploymentState.ROLLED_BACK if fine else DeploymentState.FAILED
    words = deployment.stop_reason
    if not fine:
        words += f" And {record.name(rollback)} is {rollback.state}: {rollback.stop_reason}"
    values = {"state": state, "finished_at": now, "stop_reason": words}
    if not swap(session, Deployment, deployment.id, Deployment.state, DeploymentState.ROLLING_BACK, values):
        return False
    actor = record.by_itself(deployment)
    before, after = {"state": DeploymentState.ROLLING_BACK}, {"state": state, "rollback": rollback.id}
    record.tell(session, actor, deployment, "finish", now=now, reason=words, before=before, after=after)
    return True
