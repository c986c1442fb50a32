"""A deployment that goes no further has no run that does, and nor has a run that nobody needs any more."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice, Run
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.runs import FINAL_RUN_STATES
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import record
from control_ui.services.runs.cancel import cancel

STOPPED = (DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK, DeploymentState.CANCELED)
_WITHOUT = (
    DeviceProgress.SUPERSEDED,
    DeviceProgress.CANCELED,
    DeviceProgress.EXPIRED,
    DeviceProgress.ROLLING_BACK,
    DeviceProgress.ROLLED_BACK,
)
LONGEST_REASON = 2000


def stop_runs(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Have such a run canceled, one at a time. What it has broken off is judged by what the Pi reports. Commits."""
    needed = sa.exists().where(DeploymentDevice.run_id == Run.id, DeploymentDevice.progress.not_in(_WITHOUT))
    idle = sa.true() if deployment.state in STOPPED else ~needed
    query = sa.select(Run).where(
        Run.deployment_id == deployment.id,
        Run.state.not_in(FINAL_RUN_STATES),
        Run.cancel_requested_at.is_(None),
        idle,
    )
    run = session.scalars(query.order_by(Run.id).limit(1)).one_or_none()
    if run is None:
        return False
    why = deployment.stop_reason or "newer configurations have taken over all of its devices"
    reason = f"{record.name(deployment)} is {deployment.state}: {why}"
    cancel(session, record.by_itself(deployment), run, reason[:LONGEST_REASON], now)
    return True
