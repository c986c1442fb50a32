"""A person has seen an alert and says so: once, for all to see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Alert
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import ConflictError, NotFoundError
from control_ui.services.permissions import Permission

MOST_NAMED = 5


def acknowledge(
    session: ScopedSession, actor: Actor, ids: Sequence[int], *, comment: str, now: datetime
) -> list[Alert]:
    """All of them, or none. One that is over can be acknowledged too: it may just have ended, and the note is worth
    keeping. Raises NotFoundError, and ConflictError where somebody has acknowledged one already.
    """
    actor.require(Permission.FLEET_OPERATE)
    alerts = list(session.scalars(sa.select(Alert).where(Alert.id.in_(ids)).order_by(Alert.tenant_id, Alert.id)))
    if unknown := sorted(set(ids) - {alert.id for alert in alerts}):
        raise NotFoundError(f"there is no alert {_named(unknown)}")
    _refuse_acknowledged(alerts)
    values = {
        "acknowledged_at": now,
        "acknowledged_by_id": actor.user_id,
        "acknowledged_by": actor.name,
        "comment": comment,
    }
    still_open = sa.update(Alert).where(Alert.id.in_(ids), Alert.acknowledged_at.is_(None)).values(**values)
    result = session.execute(still_open, execution_options={"synchronize_session": "fetch"})
    if getattr(result, "rowcount", 0) != len(alerts):
        session.rollback()
        raise ConflictError("somebody else acknowledged one of these at this very moment: read them again")
    for alert in alerts:
        subject = Subject("alert", alert.id, alert.name)
        record(session, actor, "alert.acknowledge", subject, tenant_id=alert.tenant_id, reason=comment, at=now)
    session.commit()
    return alerts


def _refuse_acknowledged(alerts: Sequence[Alert]) -> None:
    done = [alert for alert in alerts if alert.acknowledged_at is not None]
    if done:
        first = done[0]
        raise ConflictError(
            f"acknowledged already: alert {_named([alert.id for alert in done])}; {first.id} by {first.acknowledged_by}"
            f" at {first.acknowledged_at:%Y-%m-%d %H:%M:%S} UTC. Nothing was changed: leave these out"
        )


def _named(ids: Sequence[int]) -> str:
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return ", ".join(map(str, ids[:MOST_NAMED])) + more
