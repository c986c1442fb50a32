"""Sites: the places devices stand at, with their time zone and the hours in which they may be worked on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, Site
from control_ui.models.scope import ScopedSession
from control_ui.services import rows, timezones
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.devices import facts, maintenance
from control_ui.services.errors import ConflictError, Fault, InvalidError
from control_ui.services.pages import Page, paginate


def find(session: ScopedSession, *, text: str | None, region: str | None, limit: int, cursor: str | None) -> Page[Site]:
    """A page of sites, by name; `text` is looked for in name and city. Raises InvalidError for a bad cursor."""
    query = sa.select(Site)
    if text:
        query = query.where(sa.or_(*(column.icontains(text, autoescape=True) for column in (Site.name, Site.city))))
    if region is not None:
        query = query.where(Site.region == region)
    return paginate(session, query, by=(Site.name, Site.id), limit=limit, cursor=cursor)


def regions(session: ScopedSession) -> list[str]:
    """Every region that a site of this scope is in."""
    return list(session.scalars(sa.select(Site.region).where(Site.region != "").distinct().order_by(Site.region)))


def choices(session: ScopedSession) -> list[tuple[int, str]]:
    """Id and name of every site of this scope, by name."""
    return [(site_id, name) for site_id, name in session.execute(sa.select(Site.id, Site.name).order_by(Site.name))]


def device_counts(session: ScopedSession, sites: Sequence[Site]) -> dict[int, int]:
    """How many devices stand at each of these sites; those with none are left out."""
    query = sa.select(Device.site_id, sa.func.count(Device.id)).where(Device.site_id.in_([site.id for site in sites]))
    return dict(session.execute(query.group_by(Device.site_id)).all())


def create(session: ScopedSession, actor: Actor, values: dict[str, Any], *, reason: str, now: datetime) -> Site:
    """A new site of the tenant. Raises InvalidError, ConflictError for a name that is taken."""
    tenant = rows.current_tenant(session)
    check(values)
    site = Site(tenant_id=tenant.id, created_at=now)
    changes = facts.put(site, values)
    _check_name(session, site)
    session.add(site)
    session.flush()
    after = facts.before_and_after(changes)[1]
    record(session, actor, "site.create", _subject(site), tenant_id=tenant.id, reason=reason, after=after, at=now)
    session.commit()
    return site


def change(
    session: ScopedSession, actor: Actor, site: Site, values: dict[str, Any], *, reason: str, now: datetime
) -> Site:
    """Change what `values` names. Raises InvalidError, ConflictError for a name that is taken."""
    check(values)
    changes = facts.put(site, values)
    _check_name(session, site)
    if changes:
        before, after = facts.before_and_after(changes)
        record(
            session,
            actor,
            "site.update",
            _subject(site),
            tenant_id=site.tenant_id,
            reason=reason,
            before=before,
            after=after,
            at=now,
        )
    session.commit()
    return site


def remove(session: ScopedSession, actor: Actor, site: Site, *, reason: str, now: datetime) -> None:
    """Delete a site. Raises ConflictError while devices stand at it."""
    there = session.scalars(sa.select(Device.name).where(Device.site_id == site.id).order_by(Device.name)).all()
    if there:
        words = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "")
        raise ConflictError(f"devices stand at this site: {words}. Move or delete them first")
    before = {"city": site.city, "state": site.state, "region": site.region}
    record(
        session, actor, "site.delete", _subject(site), tenant_id=site.tenant_id, reason=reason, before=before, at=now
    )
    session.delete(site)
    session.commit()


def check(values: dict[str, Any]) -> None:
    """Raises InvalidError with everything that is wrong with what is said of a site."""
    found = facts.faults({name: value for name, value in values.items() if name == "region"})
    if "timezone" in values and not timezones.is_known(values["timezone"]):
        found.append(Fault("$.timezone", "is no IANA time zone, such as America/Chicago"))
    found += maintenance.faults_of_windows(values.get("maintenance_windows", []), "$.maintenance_windows")
    if found:
        raise InvalidError("the site is not valid", found)


def _check_name(session: ScopedSession, site: Site) -> None:
    taken = sa.select(Site.id).where(
        Site.tenant_id == site.tenant_id, Site.name == site.name, Site.id != (site.id or 0)
    )
    with session.no_autoflush:
        if session.scalars(taken).first() is not None:
            raise ConflictError(f"there is a site {site.name} already")


def _subject(site: Site) -> Subject:
    return Subject("site", site.id, site.name)
