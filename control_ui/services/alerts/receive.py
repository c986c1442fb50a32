"""Takes what Alertmanager tells. It tells the same again and again, and everything once more after a restart: an alert
is known by its labels' hash and by when it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from control_ui.models import Alert, Device, Tenant
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ScopedSession
from control_ui.services.redaction import redact

ROWS_PER_STATEMENT = 500
LONGEST_NAME = 100
LONGEST_SEVERITY = 24
NO_SEVERITY = "none"
UNNAMED = "unnamed"


@dataclass(frozen=True)
class Notice:
    """One alert as it was told."""

    fingerprint: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None
    """None while it is firing."""


def receive(session: ScopedSession, notices: Sequence[Notice], now: datetime) -> int:
    """Keep what is new, and what has changed of the others; gives how many alerts that were. Needs the scope of all
    tenants: an alert belongs to the tenant and device its labels name, and else to the platform.
    """
    told = _continued(session, notices)
    tenants = _tenants(session, told.values())
    devices = _devices(session, told.values(), tenants)
    rows = [_row(told[key], tenants, devices, now) for key in sorted(told)]  # in one order: no two wait for each other
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        _upsert(session, rows[start : start + ROWS_PER_STATEMENT])
    session.commit()
    return len(rows)


def _continued(session: ScopedSession, notices: Sequence[Notice]) -> dict[tuple[str, datetime], Notice]:
    """By fingerprint and beginning; of two alike, the later one.

    Where Prometheus and Alertmanager were both restarted, an alert that has never ended begins anew for them. It is the
    one that is open here: had it ended before, the listing would have said so (see listed.py).
    """
    fires = Alert.state == AlertState.FIRING
    query = sa.select(Alert.fingerprint, Alert.starts_at).where(fires, Alert.listed_since.is_not(None))
    began = {row.fingerprint: row.starts_at for row in session.execute(query.order_by(Alert.starts_at))}
    for notice in notices:  # what ends in this very message does not go on
        if notice.ends_at is not None and began.get(notice.fingerprint) == notice.starts_at:
            del began[notice.fingerprint]
    told = {}
    for notice in notices:
        starts_at = _to_the_millisecond(notice.starts_at)
        starts_at = min(starts_at, began.get(notice.fingerprint, starts_at))
        told[notice.fingerprint, starts_at] = replace(notice, starts_at=starts_at)
    return told


def _to_the_millisecond(moment: datetime) -> datetime:
    """Alertmanager's webhook is more exact than its listing, and both mean the same alert."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _tenants(session: ScopedSession, notices: Any) -> dict[str, int]:
    slugs = {notice.labels["tenant"] for notice in notices if "tenant" in notice.labels}
    query = sa.select(Tenant.slug, Tenant.id).where(Tenant.slug.in_(slugs))
    return {row.slug: row.id for row in session.execute(query)}


def _devices(session: ScopedSession, notices: Any, tenants: dict[str, int]) -> dict[tuple[int, str], int]:
    names = {notice.labels["device"] for notice in notices if "device" in notice.labels}
    query = sa.select(Device.tenant_id, Device.name, Device.id)
    query = query.where(Device.tenant_id.in_(tenants.values()), Device.name.in_(names))
    return {(tenant_id, name): device_id for tenant_id, name, device_id in session.execute(query)}


def _row(notice: Notice, tenants: dict[str, int], devices: dict[tuple[int, str], int], now: datetime) -> dict[str, Any]:
    labels = notice.labels
    tenant_id = tenants.get(labels.get("tenant", ""))
    device_id = None if tenant_id is None else devices.get((tenant_id, labels.get("device", "")))
    return {
        "tenant_id": tenant_id,
        "device_id": device_id,
        "fingerprint": notice.fingerprint,
        "starts_at": notice.starts_at,
        "name": labels.get("alertname", UNNAMED)[:LONGEST_NAME],
        "severity": labels.get("severity", NO_SEVERITY)[:LONGEST_SEVERITY],
        "state": AlertState.FIRING if notice.ends_at is None else AlertState.RESOLVED,
        "labels": redact(labels),
        "annotations": redact(notice.annotations),
        "ends_at": notice.ends_at,
        "received_at": now,
        "acknowledged_by": "",
        "comment": "",
        "silenced_by": "",
        "inhibited_by": "",
    }


def _upsert(session: ScopedSession, rows: list[dict[str, Any]]) -> None:
    """What people wrote on an alert stays."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Alert.__table__).values(rows)  # type: ignore[arg-type]  # a mapped class's is a Table
    fresh = ("tenant_id", "device_id", "severity", "state", "labels", "annotations", "ends_at", "received_at")
    changes = {name: statement.excluded[name] for name in fresh}
    session.execute(statement.on_conflict_do_update(index_elements=["fingerprint", "starts_at"], set_=changes))
