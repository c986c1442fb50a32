"""One at a time on a deployment: its row stays locked for the transaction. SQLite has one writer anyway."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice
from control_ui.models.deployments import DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import NotFoundError

UNSETTLED = (DeviceProgress.PENDING, DeviceProgress.DELIVERING, DeviceProgress.WAITING, DeviceProgress.HELD)
"""Where a device of a deployment may still be given its configuration."""
STILL_WANTED = (*UNSETTLED, DeviceProgress.FAILED)
"""Also where it may be wanted though the Pi has refused it."""


def lock(session: ScopedSession, deployment_id: int, *, wait: bool = True) -> Deployment | None:
    """The deployment as it is now, locked. None where there is none, or where somebody else has it and `wait` is not
    wanted."""
    query = sa.select(Deployment).where(Deployment.id == deployment_id).with_for_update(skip_locked=not wait)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def fetch_locked(session: ScopedSession, deployment_id: int) -> Deployment:
    """Raises NotFoundError."""
    deployment = lock(session, deployment_id)
    if deployment is None:
        raise NotFoundError(f"there is no deployment {deployment_id}")
    return deployment


def lock_with_rivals(
    session: ScopedSession, device_ids: Collection[int], also: Collection[int] = ()
) -> dict[int, Deployment]:
    """By id: every deployment that may still give these devices something, and those of `also`; locked."""
    rivals = sa.select(DeploymentDevice.deployment_id).where(
        DeploymentDevice.device_id.in_(device_ids), DeploymentDevice.progress.in_(STILL_WANTED)
    )
    query = sa.select(Deployment).where(sa.or_(Deployment.id.in_(rivals), Deployment.id.in_(also)))
    query = query.order_by(Deployment.id).with_for_update().execution_options(populate_existing=True)
    return {deployment.id: deployment for deployment in session.scalars(query)}
