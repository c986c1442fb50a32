"""A deployment that goes no further has no run that does."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Deployment, Run
from control_ui.models.deployments import DeploymentState
from control_ui.models.runs import FINAL_RUN_STATES
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import record
from control_ui.services.runs.cancel import cancel

STOPPED = (DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK, DeploymentState.CANCELED)


def stop_runs(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Have its runs canceled that still go on. What a run has broken off is judged by what the Pi reports. Commits."""
    if deployment.state not in STOPPED:
        return False
    run = session.scalars(
        sa.select(Run)
        .where(
            Run.deployment_id == deployment.id,
            Run.state.not_in(FINAL_RUN_STATES),
            Run.cancel_requested_at.is_(None),
        )
        .order_by(Run.id)
        .limit(1)
    ).one_or_none()
    if run is None:
        return False
    reason = f"{record.name(deployment)} is {deployment.state}: {deployment.stop_reason}"
    cancel(session, record.by_itself(deployment), run, reason[:2000], now)
    return True
