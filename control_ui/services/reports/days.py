"""How each site was served, day by day: worked out once from status changes and samples, and then kept, so that a
dashboard over months reads a row a site and day and not millions of samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from control_ui.models import Device, DeviceSample, DeviceStatusChange, Site, SiteDay, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.reports import sla
from control_ui.services.reports.period import Period
from control_ui.services.reports.sla import SiteSla

BACK = 90
"""So many days before today are worked out where they are missing."""
AGAIN = timedelta(hours=1)
"""So old may the figures of a day become that is not over."""
SETTLED = timedelta(hours=6)
"""So long after its end a day is measured for the last time: a Pi that was away sends what it kept."""
KEPT = timedelta(days=800)


@dataclass(frozen=True)
class Pictures:
    """What samples tell of a site's pictures on one day."""

    taken: int = 0
    samples: int = 0
    age_seconds: float = 0.0
    oldest_seconds: float = 0.0


def today(tenant: Tenant, now: datetime) -> date:
    """By the tenant's clocks."""
    return now.astimezone(ZoneInfo(tenant.timezone)).date()


def next_due(session: ScopedSession, now: datetime) -> tuple[Tenant, date] | None:
    """The tenant and day to be measured next: today's first, then back from there. None where all is up to date.
    Needs the scope of all tenants."""
    began, done = _began(session), _done(session)
    found = []
    for tenant in session.scalars(sa.select(Tenant).where(Tenant.id.in_(began)).order_by(Tenant.id)):
        last = today(tenant, now)
        start = max(last - timedelta(days=BACK), began[tenant.id].astimezone(ZoneInfo(tenant.timezone)).date())
        days = (last - timedelta(days=back) for back in range((last - start).days + 1))
        due = next((day for day in days if _is_due(done.get((tenant.id, day)), now)), None)
        if due is not None:
            found.append((last - due, tenant.id, tenant, due))
    session.commit()
    return min(found)[2:] if found else None


def measure(session: ScopedSession, tenant: Tenant, day: date, now: datetime) -> int:
    """Work out one day, and keep it; gives of how many sites. The session's scope is the tenant's."""
    zone = ZoneInfo(tenant.timezone)
    start, end = (datetime.combine(at, time(), zone) for at in (day, day + timedelta(days=1)))
    measured = sla.report(session, tenant, Period(start, end, zone), sla.Options(), now)
    pictures = _pictures(session, start, end)
    ids = {row.name: row.id for row in session.execute(sa.select(Site.id, Site.name))}
    common = {"tenant_id": tenant.id, "day": day, "measured_at": now, "final": now >= end + SETTLED}
    found = [
        common | _figures(site) | _of_pictures(pictures.get(ids[site.site], Pictures())) | {"site_id": ids[site.site]}
        for site in measured.sites
    ]
    if found:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        statement = insert(SiteDay.__table__)  # type: ignore[arg-type]  # a mapped class's is a Table
        changes = {name: statement.excluded[name] for name in found[0] if name not in ("site_id", "day")}
        session.execute(statement.on_conflict_do_update(index_elements=["site_id", "day"], set_=changes), found)
    session.commit()
    return len(found)


def forget(session: ScopedSession, now: datetime) -> None:
    """Delete days nobody asks about any more."""
    session.execute(sa.delete(SiteDay).where(SiteDay.day < (now - KEPT).date()))
    session.commit()


def _began(session: ScopedSession) -> dict[int, datetime]:
    """Since when something is known of a tenant's devices."""
    query = sa.select(DeviceStatusChange.tenant_id, sa.func.min(DeviceStatusChange.at))
    return {row[0]: row[1] for row in session.execute(query.group_by(DeviceStatusChange.tenant_id))}


def _done(session: ScopedSession) -> dict[tuple[int, date], tuple[datetime, bool]]:
    """By tenant and day: when it was measured, and whether for the last time."""
    key = (SiteDay.tenant_id, SiteDay.day)
    query = sa.select(*key, sa.func.max(SiteDay.measured_at), sa.func.max(sa.cast(SiteDay.final, sa.Integer)))
    return {(row[0], row[1]): (row[2], bool(row[3])) for row in session.execute(query.group_by(*key))}


def _is_due(done: tuple[datetime, bool] | None, now: datetime) -> bool:
    return done is None or (not done[1] and now - done[0] >= AGAIN)


def _figures(site: SiteSla) -> dict[str, Any]:
    share = site.share
    return {
        "counted_seconds": share.counted.total_seconds(),
        "reachable_seconds": share.reachable.total_seconds(),
        "fresh_seconds": share.fresh.total_seconds(),
        "available_seconds": share.available.total_seconds(),
        "gaps": len(site.gaps) + site.more_gaps,
    }


def _of_pictures(pictures: Pictures) -> dict[str, Any]:
    return {
        "pictures": pictures.taken,
        "samples": pictures.samples,
        "picture_age_seconds": pictures.age_seconds,
        "oldest_picture_seconds": pictures.oldest_seconds,
    }


def _pictures(session: ScopedSession, start: datetime, end: datetime) -> dict[int, Pictures]:
    """By site. The count of pictures begins anew where the stream does."""
    sample = DeviceSample
    before = sa.func.lag(sample.snapshots_published).over(partition_by=sample.device_id, order_by=sample.at)
    columns = (sample.device_id, sample.snapshot_age_seconds, sample.snapshots_published, before.label("before"))
    each = sa.select(*columns).where(sample.at >= start, sample.at < end).subquery().c
    taken = sa.case(
        (each.before.is_(None), 0),
        (each.snapshots_published >= each.before, each.snapshots_published - each.before),
        else_=sa.func.coalesce(each.snapshots_published, 0),
    )
    ages = each.snapshot_age_seconds
    query = (
        sa.select(Device.site_id, sa.func.sum(taken), sa.func.count(ages), sa.func.sum(ages), sa.func.max(ages))
        .join_from(Device, each.device_id.table, Device.id == each.device_id)
        .group_by(Device.site_id)
    )
    found = {
        site_id: Pictures(int(count or 0), samples, age or 0.0, oldest or 0.0)
        for site_id, count, samples, age, oldest in session.execute(query)
    }
    session.commit()
    return found
