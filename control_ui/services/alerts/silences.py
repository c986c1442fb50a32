"""Silences: alerts that are known are shown as such and not counted, until a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import Alert, Device, Silence, Site, Tenant
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import ConflictError, Fault, InvalidError
from control_ui.services.permissions import Permission

LONGEST = timedelta(days=30)
MOST_SHOWN = 100


@dataclass(frozen=True)
class Wanted:
    """What is to be silent. Empty words are for all: every alert, at every site."""

    name: str
    site: str
    tenant: str
    """Slug. It is asked for where the scope is all tenants, and empty there for the platform's own alerts."""
    lasts: timedelta
    comment: str


@dataclass(frozen=True)
class Shown:
    """A silence with what people call its site and tenant, and how many firing alerts it covers."""

    silence: Silence
    site: str
    tenant: str
    covers: int

    def active(self, now: datetime) -> bool:
        return self.silence.lifted_at is None and self.silence.ends_at > now


def applying(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a silence covers the Alert of the query this stands in: one made here, or in Alertmanager."""
    open_ = sa.and_(Silence.lifted_at.is_(None), Silence.created_at <= now, Silence.ends_at > now)
    here = sa.select(Silence.id).where(open_, _covers()).correlate(Alert).exists()
    return sa.or_(here, sa.and_(Alert.state == AlertState.FIRING, Alert.silenced_by != ""))


def covering(session: ScopedSession, alerts: Sequence[Alert], now: datetime) -> dict[int, Silence]:
    """Of these alerts those that are silenced, by id, each with the silence that lasts longest."""
    query = (
        sa.select(Alert.id, Silence)
        .join(Silence, _covers())
        .where(
            Alert.id.in_([alert.id for alert in alerts]), Silence.lifted_at.is_(None),
            Silence.created_at <= now, Silence.ends_at > now,
        )
        .order_by(Silence.ends_at)
    )  # fmt: skip
    return {row[0]: row[1] for row in session.execute(query)}


def covered(session: ScopedSession, wanted: Wanted) -> int:
    """How many alerts fire now that this would silence. Raises InvalidError."""
    tenant_id, site_id = _place(session, wanted)
    conditions = [Alert.state == AlertState.FIRING, Alert.tenant_id.is_not_distinct_from(tenant_id)]
    if wanted.name:
        conditions.append(Alert.name == wanted.name)
    if site_id is not None:
        conditions.append(Alert.device_id.in_(sa.select(Device.id).where(Device.site_id == site_id)))
    return session.scalars(sa.select(sa.func.count(Alert.id)).where(*conditions)).one()


def create(session: ScopedSession, actor: Actor, wanted: Wanted, now: datetime) -> Silence:
    """Silence from now on. Raises InvalidError, ForbiddenError."""
    actor.require(Permission.FLEET_OPERATE)
    tenant_id, site_id = _place(session, wanted)
    faults = [Fault("$.comment", "must say why: whoever looks next will ask")] if not wanted.comment.strip() else []
    if not timedelta(0) < wanted.lasts <= LONGEST:
        faults.append(Fault("$.hours", f"must end within {LONGEST.days} days"))
    if faults:
        raise InvalidError("the silence cannot begin like this", faults)
    silence = Silence(
        tenant_id=tenant_id, name=wanted.name, site_id=site_id, comment=wanted.comment.strip(),
        created_by_id=actor.user_id, created_by=actor.name, created_at=now, ends_at=now + wanted.lasts,
    )  # fmt: skip
    session.add(silence)
    session.flush()
    after = {"alert": wanted.name, "site": wanted.site, "ends_at": silence.ends_at.isoformat()}
    subject = Subject("silence", silence.id, words(wanted.name, wanted.site))
    record(session, actor, "silence.create", subject, tenant_id=tenant_id, reason=silence.comment, after=after, at=now)
    session.commit()
    return silence


def lift(session: ScopedSession, actor: Actor, silence_id: int, now: datetime) -> Silence:
    """End a silence before its time. Raises NotFoundError, ConflictError where it is over already."""
    actor.require(Permission.FLEET_OPERATE)
    silence = rows.fetch(session, Silence, silence_id, "silence")
    values = {"lifted_at": now, "lifted_by": actor.name}
    if silence.ends_at <= now or not rows.swap(session, Silence, silence_id, Silence.lifted_at, None, values):
        session.rollback()
        raise ConflictError("this silence is over already")
    subject = Subject("silence", silence.id, words(silence.name, ""))
    record(session, actor, "silence.lift", subject, tenant_id=silence.tenant_id, at=now)
    session.commit()
    return silence


def shown(session: ScopedSession, silence_id: int | None = None) -> list[Shown]:
    """Silences of this scope, or the one with this id: those that last longest first."""
    firing = Alert.state == AlertState.FIRING
    covers = sa.select(sa.func.count(Alert.id)).where(firing, _covers()).correlate(Silence).scalar_subquery()
    query = (
        sa.select(Silence, Site.name, Tenant.name, covers)
        .outerjoin(Site, Site.id == Silence.site_id)
        .outerjoin(Tenant, Tenant.id == Silence.tenant_id)
        .order_by(Silence.lifted_at.is_not(None), Silence.ends_at.desc(), Silence.id.desc())
        .limit(MOST_SHOWN)
    )
    if silence_id is not None:
        query = query.where(Silence.id == silence_id)
    return [Shown(row, site or "", tenant or "", count) for row, site, tenant, count in session.execute(query)]


def words(name: str, site: str) -> str:
    """What is silent, as people say it: `SiteOffline at Blue Wave 7`."""
    return f"{name or 'every alert'} at {site or 'every site'}"


def _covers() -> sa.ColumnElement[bool]:
    here = sa.select(Device.site_id).where(Device.id == Alert.device_id).correlate(Alert).scalar_subquery()
    return sa.and_(
        Silence.tenant_id.is_not_distinct_from(Alert.tenant_id),
        sa.or_(Silence.name == "", Silence.name == Alert.name),
        sa.or_(Silence.site_id.is_(None), Silence.site_id == here),
    )


def _place(session: ScopedSession, wanted: Wanted) -> tuple[int | None, int | None]:
    """Ids of the tenant and of the site. Raises InvalidError."""
    tenant_id = session.scope.tenant_id
    if tenant_id is None and wanted.tenant:
        tenant_id = session.scalars(sa.select(Tenant.id).where(Tenant.slug == wanted.tenant)).one_or_none()
        if tenant_id is None:
            raise InvalidError("the silence cannot begin like this", [Fault("$.tenant", "is not a tenant")])
    if not wanted.site:
        return tenant_id, None
    query = sa.select(Site.id).where(Site.name == wanted.site, Site.tenant_id == tenant_id)
    site_id = session.scalars(query).one_or_none()
    if site_id is None:
        raise InvalidError("the silence cannot begin like this", [Fault("$.site", "is not the name of a site")])
    return tenant_id, site_id
