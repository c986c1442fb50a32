"""Where a person is needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import HealingCase, Incident
from control_ui.models.healing import CaseState
from control_ui.models.scope import ScopedSession


@dataclass(frozen=True)
class Escalated:
    """`condition` and `cause` are of bounded sets; `words` are why."""

    device_id: int
    condition: str
    cause: str
    since: datetime
    words: str


def escalated(session: ScopedSession) -> list[Escalated]:
    """Devices of this scope that need a person now. Those of a wide outage are its incident's, and not here."""
    query = (
        sa.select(HealingCase)
        .outerjoin(Incident, Incident.id == HealingCase.incident_id)
        .where(
            HealingCase.state == CaseState.ESCALATED,
            sa.or_(HealingCase.incident_id.is_(None), Incident.closed_at.is_not(None)),
        )
        .order_by(HealingCase.device_id, HealingCase.id)
    )
    return [
        Escalated(row.device_id, row.condition, row.cause, row.since, f"{row.words}; {row.note}")
        for row in session.scalars(query)
    ]
