"""A person's hand on a deployment: hold it, have it go on, end it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from control_ui.models import Deployment, DeploymentDevice
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.deployments import record
from control_ui.services.deployments.evidence import Verdict
from control_ui.services.deployments.finish import cancel_pending
from control_ui.services.deployments.lock import fetch_locked
from control_ui.services.deployments.standing import standings
from control_ui.services.deployments.withdraw import unwant
from control_ui.services.errors import ConflictError
from control_ui.services.rows import swap

RUNNING, PAUSED = DeploymentState.RUNNING, DeploymentState.PAUSED


def pause(session: ScopedSession, actor: Actor, deployment_id: int, reason: str, now: datetime) -> Deployment:
    """No further wave begins. Devices that are being given it go on, and are judged. Raises NotFoundError,
    ConflictError. Commits."""
    deployment = fetch_locked(session, deployment_id)
    words = f"paused by {actor.name}: {reason}".removesuffix(": ")
    return _moved(session, actor, deployment, "pause", (RUNNING,), {"state": PAUSED, "stop_reason": words}, reason, now)


def resume(session: ScopedSession, actor: Actor, deployment_id: int, reason: str, now: datetime) -> Deployment:
    """It goes on where it was. Raises NotFoundError, ConflictError. Commits."""
    deployment = fetch_locked(session, deployment_id)
    return _moved(session, actor, deployment, "resume", (PAUSED,), {"state": RUNNING, "stop_reason": ""}, reason, now)


def cancel(session: ScopedSession, actor: Actor, deployment_id: int, reason: str, now: datetime) -> Deployment:
    """No further device is given it; what has it keeps it, and what is on its way may still arrive. Its runs are ended.
    Raises NotFoundError, ConflictError. Commits."""
    deployment = fetch_locked(session, deployment_id)
    words = f"canceled by {actor.name}: {reason}".removesuffix(": ")
    values = {"state": DeploymentState.CANCELED, "finished_at": now, "stop_reason": words}
    expected = (DeploymentState.PROPOSED, RUNNING, PAUSED)
    _check(deployment, expected, "cancel")
    cancel_pending(session, deployment, now)
    _withdraw(session, deployment, now)
    return _moved(session, actor, deployment, "cancel", expected, values, reason, now)


def _withdraw(session: ScopedSession, deployment: Deployment, now: datetime) -> None:
    """From the devices that nothing has reached yet."""
    found = standings(
        session,
        DeploymentDevice.deployment_id == deployment.id,
        DeploymentDevice.progress.in_([DeviceProgress.WAITING, DeviceProgress.DELIVERING]),
    )
    without = [standing for standing in found if not standing.may_have_it]
    unwant(session, without, now)
    verdict = Verdict(DeviceProgress.CANCELED, "it had not got it, and gets it no more")
    record.write(session, [(standing, verdict) for standing in without], now)


def _moved(
    session: ScopedSession,
    actor: Actor,
    deployment: Deployment,
    action: str,
    expected: tuple[DeploymentState, ...],
    values: dict[str, Any],
    reason: str,
    now: datetime,
) -> Deployment:
    _check(deployment, expected, action)
    before = {"state": deployment.state}
    if not swap(session, Deployment, deployment.id, Deployment.state, expected, values):
        raise ConflictError("somebody else has changed this deployment at the same moment: read it again")
    after = {"state": values["state"]}
    record.tell(session, actor, deployment, action, now=now, reason=reason, before=before, after=after)
    session.commit()
    return deployment


def _check(deployment: Deployment, expected: tuple[DeploymentState, ...], action: str) -> None:
    if deployment.state not in expected:
        raise ConflictError(f"a deployment that is {deployment.state} cannot be {_PAST[action]}")


_PAST = {"pause": "paused", "resume": "resumed", "cancel": "canceled"}
