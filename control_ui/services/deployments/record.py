"""What of a deployment goes into its rows and into the audit trail, and who the deployments themselves are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor, system
from control_ui.services.audit.trail import Subject, record
from control_ui.services.deployments.evidence import Verdict
from control_ui.services.deployments.standing import Standing

MOST_NAMED = 20


def by_itself(deployment: Deployment) -> Actor:
    """Who acts when nobody does."""
    return system("deployments", deployment.tenant_id)


def tell(
    session: ScopedSession,
    actor: Actor,
    deployment: Deployment,
    action: str,
    *,
    now: datetime,
    reason: str = "",
    before: Any = None,
    after: Any = None,
) -> None:
    """Append `deployment.<action>` to the audit trail."""
    record(
        session,
        actor,
        f"deployment.{action}",
        Subject("deployment", deployment.id, name(deployment)),
        tenant_id=deployment.tenant_id,
        reason=reason,
        before=before,
        after=after,
        at=now,
    )


def name(deployment: Deployment) -> str:
    """`deployment 7`, or `rollback 8`."""
    return f"{'deployment' if deployment.template_version_id else 'rollback'} {deployment.id}"


def write(session: ScopedSession, verdicts: Iterable[tuple[Standing, Verdict]], now: datetime) -> None:
    """Put verdicts into the rows, in one statement. The deployment must be locked."""
    rows = [
        {
            "id": standing.row_id,
            "progress": verdict.progress,
            "detail": verdict.detail,
            "evidence": verdict.evidence or standing.evidence,
            "settled_at": now,
        }
        for standing, verdict in verdicts
    ]
    if rows:
        session.execute(sa.update(DeploymentDevice), rows)


def told(verdicts: Iterable[tuple[Standing, Verdict]]) -> dict[str, Any]:
    """Verdicts as the audit trail has them, by device."""
    return {
        standing.name: {"version": standing.number, "from": standing.progress, "to": verdict.progress}
        | ({"detail": verdict.detail} if verdict.detail else {})
        for standing, verdict in verdicts
    }


def named(devices: Iterable[tuple[str, str]]) -> str:
    """`pi-1 (why); pi-2 (why); and 30 more`."""
    listed = [f"{device} ({why})" if why else device for device, why in devices]
    more = [f"and {len(listed) - MOST_NAMED} more"] if len(listed) > MOST_NAMED else []
    return "; ".join(listed[:MOST_NAMED] + more)
