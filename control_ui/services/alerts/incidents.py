"""Incidents: alerts that have one likely cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Alert, Device, Incident, Tenant
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ScopedSession
from control_ui.services.alerts import silences

MOST_SHOWN = 100


@dataclass(frozen=True)
class Shown:
    """An incident with its tenant's name, and its alerts counted."""

    incident: Incident
    tenant: str
    alerts: int
    firing: int
    waiting: int
    """Of those that fire, neither acknowledged nor silenced."""
    sites: int


def shown(session: ScopedSession, now: datetime, incident_id: int | None = None) -> list[Shown]:
    """Incidents of this scope, or the one with this id: open ones first, those opened last before others."""
    fires = Alert.state == AlertState.FIRING
    unknown = sa.and_(fires, Alert.acknowledged_at.is_(None), sa.not_(silences.applying(now)))
    firing, waiting = (sa.case((condition, 1), else_=0) for condition in (fires, unknown))
    query = (
        sa.select(
            Incident,
            Tenant.name,
            sa.func.count(Alert.id),
            sa.func.coalesce(sa.func.sum(firing), 0),
            sa.func.coalesce(sa.func.sum(waiting), 0),
            sa.func.count(sa.distinct(Device.site_id)),
        )
        .outerjoin(Tenant, Tenant.id == Incident.tenant_id)
        .outerjoin(Alert, Alert.incident_id == Incident.id)
        .outerjoin(Device, Device.id == Alert.device_id)
        .group_by(Incident.id, Tenant.name)
        .order_by(Incident.closed_at.is_not(None), Incident.opened_at.desc(), Incident.id.desc())
        .limit(MOST_SHOWN)
    )
    if incident_id is not None:
        query = query.where(Incident.id == incident_id)
    return [Shown(row, tenant or "", *map(int, numbers)) for row, tenant, *numbers in session.execute(query)]
