"""Moves every deployment as far as it can be moved.

Each step is one transaction that begins by locking the deployment: it is done once, or not at all. Whoever is killed
in the middle has done nothing, and whoever comes second finds it done. All that a step needs to know is in rows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Deployment, DeploymentDevice, DeviceState
from control_ui.models.deployments import FINAL_DEPLOYMENT_STATES, DeploymentState, DeviceProgress
from control_ui.models.scope import Scope, ScopedSession
from control_ui.services.deployments import record
from control_ui.services.deployments.comparison import compare
from control_ui.services.deployments.finish import expire_proposal, finish
from control_ui.services.deployments.follow_rollback import follow_rollback
from control_ui.services.deployments.judge_devices import judge_delivering, judge_latecomers, look_again
from control_ui.services.deployments.judge_wave import pass_wave, stop_if_too_many_failed
from control_ui.services.deployments.lock import lock
from control_ui.services.deployments.rollback import end_rolling_back
from control_ui.services.deployments.start_wave import start_next_wave
from control_ui.services.deployments.stop_runs import stop_runs
from control_ui.services.errors import ServiceError
from control_ui.services.rows import swap

log = logging.getLogger(__name__)

Step = Callable[[ScopedSession, Deployment, datetime], bool]
STEPS: tuple[Step, ...] = (
    expire_proposal,
    judge_delivering,
    judge_latecomers,
    follow_rollback,
    look_again,
    stop_if_too_many_failed,
    pass_wave,
    start_next_wave,
    compare,
    finish,
    end_rolling_back,
    stop_runs,
)
"""In this order; after each that did something it begins anew."""
MOST_STEPS = 50
"""At once, of one deployment. More would be a mistake in a step, which must not keep the others from moving."""
MOST_PASSES = 5
_ON_THEIR_WAY = (DeviceProgress.DELIVERING, DeviceProgress.WAITING, DeviceProgress.ROLLING_BACK)


def advance(session: ScopedSession, now: datetime) -> int:
    """Move what can be moved; gives how many steps were made. The session must see all tenants. Commits step by step.

    A deployment that cannot be moved for a reason that can be told is paused with it; an error that nobody has thought
    of does not keep the others from moving, and is raised at the end, in an ExceptionGroup.
    """
    steps = 0
    for _ in range(MOST_PASSES):
        made = _pass(session, now)
        steps += made
        if not made:
            break
    return steps


def _pass(session: ScopedSession, now: datetime) -> int:
    """Every deployment once. One may have made news for another: a rollback for what it takes back."""
    steps, errors = 0, []
    for deployment_id, tenant_id in _unsettled(session):
        try:
            with narrowed(session, tenant_id):
                steps += _advance(session, deployment_id, now)
        except Exception as error:
            session.rollback()
            error.add_note(f"while moving deployment {deployment_id}")
            errors.append(error)
    if errors:
        raise ExceptionGroup("deployments that could not be moved", errors)
    return steps


@contextmanager
def narrowed(session: ScopedSession, tenant_id: int) -> Iterator[None]:
    """The session sees this tenant only: even a mistake here gives no device the configuration of somebody else's."""
    wide = session.scope
    session.info["scope"] = Scope(tenant_id)
    try:
        yield
    finally:
        session.info["scope"] = wide


def _unsettled(session: ScopedSession) -> Sequence[sa.Row[int, int]]:
    """Ids of deployments that may have something to do, with their tenants': the older first."""
    came_round = sa.and_(
        DeploymentDevice.progress == DeviceProgress.FAILED,
        DeviceState.desired_config_id == DeploymentDevice.config_version_id,
        DeviceState.config_version == ConfigVersion.number,
    )
    late = (
        sa.select(DeploymentDevice.deployment_id)
        .join(DeviceState, DeviceState.device_id == DeploymentDevice.device_id)
        .outerjoin(ConfigVersion, ConfigVersion.id == DeploymentDevice.config_version_id)
        .where(sa.or_(DeploymentDevice.progress.in_(_ON_THEIR_WAY), came_round))
    )
    query = sa.select(Deployment.id, Deployment.tenant_id).where(
        sa.or_(Deployment.state.not_in(FINAL_DEPLOYMENT_STATES), Deployment.id.in_(late))
    )
    found = session.execute(query.order_by(Deployment.id)).all()
    session.rollback()
    return found


def _advance(session: ScopedSession, deployment_id: int, now: datetime) -> int:
    for done in range(MOST_STEPS):
        session.expunge_all()
        try:
            moved = _step(session, deployment_id, now)
        except ServiceError as error:
            session.rollback()
            moved = _pause(session, deployment_id, error.detail, now)
        if not moved:
            return done
    log.warning("deployment %s has made %s steps at once: more at the next look", deployment_id, MOST_STEPS)
    return MOST_STEPS


def _step(session: ScopedSession, deployment_id: int, now: datetime) -> bool:
    """Make the first step that is due. False where none is, or where somebody else is at it."""
    deployment = lock(session, deployment_id, wait=False)
    moved = deployment is not None and any(step(session, deployment, now) for step in STEPS)
    if moved:
        session.commit()
    else:
        session.rollback()
    return moved


def _pause(session: ScopedSession, deployment_id: int, reason: str, now: datetime) -> bool:
    """It cannot go on, and says why; a person resumes it. False where it was not running."""
    deployment = lock(session, deployment_id)
    log.warning("deployment %s cannot go on: %s", deployment_id, reason)
    values = {"state": DeploymentState.PAUSED, "stop_reason": reason}
    if deployment is not None and swap(
        session, Deployment, deployment_id, Deployment.state, DeploymentState.RUNNING, values
    ):
        record.tell(session, record.by_itself(deployment), deployment, "pause", now=now, reason=reason)
        session.commit()
        return True
    session.rollback()
    return False
