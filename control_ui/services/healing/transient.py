"""Alerts that were over before a person had to look are acknowledged by themselves, with a note that says why."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import Alert, HealingAction
from control_ui.models.alerts import AlertState
from control_ui.models.healing import ActionState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.alerts.acknowledge import acknowledge
from control_ui.services.devices.reasons import duration
from control_ui.services.errors import ServiceError
from control_ui.services.healing.begin import NAME

LONGEST = timedelta(minutes=10)
SETTLED = timedelta(minutes=1)
"""So long after its end: an alert that comes back at once has not been over."""
LOOK_BACK = timedelta(hours=1)
MOST_AT_ONCE = 200


def see_to(session: ScopedSession, now: datetime) -> int:
    """Acknowledge what was short, or healed; gives how many. Commits each by itself."""
    query = (
        sa.select(Alert)
        .where(
            Alert.state == AlertState.RESOLVED,
            Alert.acknowledged_at.is_(None),
            Alert.incident_id.is_(None),
            Alert.ends_at.between(now - LOOK_BACK, now - SETTLED),
        )
        .order_by(Alert.id)
        .limit(MOST_AT_ONCE)
    )
    done = 0
    for alert in session.scalars(query).all():
        why = _why(session, alert)
        if why:
            done += _acknowledge(session, alert, why, now)
    session.commit()
    return done


def _why(session: ScopedSession, alert: Alert) -> str:
    """Empty where a person should still see that it was there."""
    if alert.ends_at is None:
        return ""
    lasted = alert.ends_at - alert.starts_at
    words = f"over after {duration(lasted.total_seconds())}"
    if alert.device_id is not None:
        healed = sa.select(HealingAction.action).where(
            HealingAction.device_id == alert.device_id,
            HealingAction.state == ActionState.HEALED,
            HealingAction.started_at >= alert.starts_at - LONGEST,
            HealingAction.started_at <= alert.ends_at,
        )
        if (action := session.scalars(healed.order_by(HealingAction.id.desc()).limit(1)).first()) is not None:
            return f"{words}, healed by: {action}"
    return f"{words}, by itself" if lasted <= LONGEST else ""


def _acknowledge(session: ScopedSession, alert: Alert, why: str, now: datetime) -> bool:
    try:
        acknowledge(session, system(NAME, alert.tenant_id), [alert.id], comment=why, now=now)
    except ServiceError:  # a person was quicker, and knows more
        session.rollback()
        return False
    return True
