"""Finds alerts."""

from __future__ import annotations

import sqlalchemy as sa

from control_ui.models import Alert
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ScopedSession
from control_ui.services.pages import Page, paginate


def search(
    session: ScopedSession,
    *,
    state: AlertState | None,
    severity: str | None,
    acknowledged: bool | None,
    device_id: int | None,
    limit: int,
    cursor: str | None,
) -> Page[Alert]:
    """Alerts of this scope, those that began last first. Raises InvalidError for a bad cursor."""
    query = sa.select(Alert)
    if state is not None:
        query = query.where(Alert.state == state)
    if severity is not None:
        query = query.where(Alert.severity == severity)
    if acknowledged is not None:
        query = query.where(Alert.acknowledged_at.is_not(None) if acknowledged else Alert.acknowledged_at.is_(None))
    if device_id is not None:
        query = query.where(Alert.device_id == device_id)
    return paginate(session, query, by=[Alert.starts_at, Alert.id], limit=limit, cursor=cursor, descending=True)
