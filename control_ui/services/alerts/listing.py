"""Alerts as people look at them: with their site, tenant, incident and silence, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Alert, Device, Incident, Silence, Site, Tenant
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ScopedSession
from control_ui.services.alerts import silences

PER_PAGE = 50
SEVERITIES = ("critical", "warning", "info")
"""In the order of their urgency; what is none of them comes last."""


@dataclass(frozen=True)
class Filters:
    """Each narrows the list; what is None is not asked about."""

    state: AlertState | None = None
    severity: str | None = None
    acknowledged: bool | None = None
    silenced: bool | None = None
    text: str | None = None
    """Part of the name of the alert, of its device, or of its site or city."""
    tenant: str | None = None
    """Slug."""
    since: datetime | None = None
    """Over after that, or not over yet."""
    incident_id: int | None = None


@dataclass(frozen=True)
class Row:
    """`device`, `site`, `tenant` and `incident` are empty where the alert has none."""

    alert: Alert
    device: str
    site: str
    city: str
    timezone: str | None
    tenant: str
    incident: str
    silence: Silence | None

    @property
    def silenced(self) -> bool:
        """Here, or in Alertmanager itself."""
        return self.silence is not None or (self.alert.state == AlertState.FIRING and self.alert.silenced_by != "")

    @property
    def needs_somebody(self) -> bool:
        """It fires, and nobody has said that they know."""
        return self.alert.state == AlertState.FIRING and self.alert.acknowledged_at is None and not self.silenced


@dataclass(frozen=True)
class Listing:
    """`page` counts from 1."""

    rows: list[Row]
    page: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True)
class Counts:
    """Of the alerts that fire: those that need somebody by severity, and those somebody knows of."""

    open: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    silenced: int = 0

    @property
    def firing(self) -> int:
        return sum(self.open.values()) + self.acknowledged + self.silenced


def listing(session: ScopedSession, filters: Filters, page: int, now: datetime) -> Listing:
    """A page of alerts: firing ones first, of these the most severe, and then those that began last."""
    conditions = _conditions(filters, now)
    total = session.scalars(_joined(sa.func.count(Alert.id)).where(*conditions)).one()
    page = min(max(1, page), max(1, -(-total // PER_PAGE)))
    query = _joined(*_COLUMNS).where(*conditions).order_by(*_ORDER).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    return Listing(_rows(session, query, now), page, total)


def some(session: ScopedSession, ids: Sequence[int], now: datetime) -> list[Row]:
    """These alerts, as far as this scope has them."""
    return _rows(session, _joined(*_COLUMNS).where(Alert.id.in_(ids)).order_by(*_ORDER), now)


def counts(session: ScopedSession, filters: Filters, now: datetime) -> Counts:
    """Of the firing alerts that `filters` finds by text and tenant."""
    narrowed = Filters(AlertState.FIRING, text=filters.text, tenant=filters.tenant)
    known = sa.case(
        (silences.applying(now), "silenced"), (Alert.acknowledged_at.is_not(None), "acknowledged"), else_=""
    )
    each = _joined(Alert.severity.label("severity"), known.label("known")).where(*_conditions(narrowed, now)).subquery()
    found = session.execute(sa.select(each.c.severity, each.c.known, sa.func.count()).group_by("severity", "known"))
    open_: dict[str, int] = {}
    others = {"silenced": 0, "acknowledged": 0}
    for severity, how, count in found:
        if how:
            others[how] += count
        else:
            open_[severity] = count
    return Counts(open_, others["acknowledged"], others["silenced"])


def waiting(session: ScopedSession, now: datetime) -> int:
    """How many firing alerts nobody has acknowledged or silenced."""
    unknown = (Alert.state == AlertState.FIRING, Alert.acknowledged_at.is_(None), sa.not_(silences.applying(now)))
    return session.scalars(sa.select(sa.func.count(Alert.id)).where(*unknown)).one()


_RANK = sa.case({name: rank for rank, name in enumerate(SEVERITIES)}, value=Alert.severity, else_=len(SEVERITIES))
_FIRING_FIRST = sa.case((Alert.state == AlertState.FIRING, 0), else_=1)
_URGENCY = sa.case((Alert.state == AlertState.FIRING, _RANK), else_=0)
_ORDER = (_FIRING_FIRST, _URGENCY, Alert.starts_at.desc(), Alert.id.desc())
_COLUMNS: tuple[Any, ...] = (Alert, Device.name, Site.name, Site.city, Site.timezone, Tenant.name, Incident.title)


def _joined(*columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(Alert)
        .outerjoin(Device, Device.id == Alert.device_id)
        .outerjoin(Site, Site.id == Device.site_id)
        .outerjoin(Tenant, Tenant.id == Alert.tenant_id)
        .outerjoin(Incident, Incident.id == Alert.incident_id)
    )


def _rows(session: ScopedSession, query: sa.Select[Any], now: datetime) -> list[Row]:
    found = session.execute(query).all()
    silenced = silences.covering(session, [row[0] for row in found], now)
    return [
        Row(alert, device or "", site or "", city or "", timezone, tenant or "", incident or "", silenced.get(alert.id))
        for alert, device, site, city, timezone, tenant, incident in found
    ]


def _conditions(filters: Filters, now: datetime) -> list[sa.ColumnElement[bool]]:
    equal: list[tuple[Any, Any]] = [
        (Alert.state, filters.state),
        (Alert.severity, filters.severity),
        (Tenant.slug, filters.tenant),
        (Alert.incident_id, filters.incident_id),
    ]
    found = [column == value for column, value in equal if value is not None]
    if filters.acknowledged is not None:
        found.append(Alert.acknowledged_at.is_not(None) if filters.acknowledged else Alert.acknowledged_at.is_(None))
    if filters.silenced is not None:
        found.append(silences.applying(now) if filters.silenced else sa.not_(silences.applying(now)))
    if filters.text is not None:
        places = (Alert.name, Device.name, Site.name, Site.city)
        found.append(sa.or_(*(place.icontains(filters.text, autoescape=True) for place in places)))
    if filters.since is not None:
        found.append(sa.or_(Alert.ends_at.is_(None), Alert.ends_at >= filters.since))
    return found
