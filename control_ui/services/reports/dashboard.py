"""How well sites were served over the last days, from the figures kept day by day."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from control_ui.models import Device, Site, SiteDay, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.reports.sla import TARGET_PERCENT


@dataclass(frozen=True)
class Figures:
    """Sums over days and sites."""

    counted_seconds: float = 0.0
    reachable_seconds: float = 0.0
    fresh_seconds: float = 0.0
    available_seconds: float = 0.0
    gaps: int = 0
    pictures: int = 0
    samples: int = 0
    picture_age_seconds: float = 0.0
    oldest_picture_seconds: float = 0.0

    @property
    def available_percent(self) -> float | None:
        return self._percent(self.available_seconds)

    @property
    def reachable_percent(self) -> float | None:
        return self._percent(self.reachable_seconds)

    @property
    def fresh_percent(self) -> float | None:
        return self._percent(self.fresh_seconds)

    @property
    def mean_age_seconds(self) -> float | None:
        return self.picture_age_seconds / self.samples if self.samples else None

    @property
    def missing_seconds(self) -> float:
        """For how long it was not available."""
        return self.counted_seconds - self.available_seconds

    @property
    def kept(self) -> bool | None:
        """Whether the promise was; None where no time is counted."""
        if not self.counted_seconds:
            return None
        return self.available_seconds * 100 >= self.counted_seconds * TARGET_PERCENT

    def _percent(self, good: float) -> float | None:
        """To three places, never rounded up, as in the SLA report."""
        return int(good * 100_000 // self.counted_seconds) / 1000 if self.counted_seconds else None


@dataclass(frozen=True)
class SiteFigures:
    site_id: int
    site: str
    city: str
    device_id: int | None
    """The first of its Pis, for a way to its page."""
    figures: Figures


@dataclass(frozen=True)
class Dashboard:
    """`days` has every day that was measured; `sites` are in order, the worst first, those never seen last."""

    total: Figures
    days: list[tuple[date, Figures]]
    sites: list[SiteFigures]
    measured_at: datetime | None
    """The oldest of the figures of the last day: none is older. None where nothing was measured yet."""

    @property
    def kept(self) -> int:
        """How many sites were served as promised."""
        return sum(site.figures.kept is True for site in self.sites)

    @property
    def missed(self) -> int:
        return sum(site.figures.kept is False for site in self.sites)


def _summed(column: InstrumentedAttribute[Any]) -> sa.ColumnElement[Any]:
    """As a number of its column's kind: PostgreSQL's sum of whole numbers is a decimal one."""
    together = sa.func.max(column) if column.key == "oldest_picture_seconds" else sa.func.sum(column)
    return sa.cast(sa.func.coalesce(together, 0), column.type)


_SUMS = [_summed(getattr(SiteDay, field.name)) for field in fields(Figures)]


def dashboard(session: ScopedSession, since: date) -> Dashboard:
    """From the day `since` until now, of this scope's tenant."""
    within = SiteDay.day >= since
    days = session.execute(sa.select(SiteDay.day, *_SUMS).where(within).group_by(SiteDay.day).order_by(SiteDay.day))
    found = [(day, Figures(*sums)) for day, *sums in days]
    newest = sa.select(sa.func.max(SiteDay.day)).scalar_subquery()
    measured = session.scalars(sa.select(sa.func.min(SiteDay.measured_at)).where(SiteDay.day == newest)).one()
    total = Figures(*session.execute(sa.select(*_SUMS).where(within)).one())
    return Dashboard(total, found, _sites(session, within), measured)


def of_tenants(session: ScopedSession, since: date) -> list[tuple[Tenant, Figures]]:
    """Every tenant that has sites, the worst first. Needs the scope of all tenants."""
    query = sa.select(SiteDay.tenant_id, *_SUMS).where(SiteDay.day >= since).group_by(SiteDay.tenant_id)
    sums = {tenant_id: Figures(*values) for tenant_id, *values in session.execute(query)}
    tenants = session.scalars(sa.select(Tenant).order_by(Tenant.name)).all()
    return sorted(((tenant, sums.get(tenant.id, Figures())) for tenant in tenants), key=lambda row: _badness(row[1]))


def days_of(session: ScopedSession, site_id: int, since: date) -> list[tuple[date, Figures]]:
    """One site, day by day."""
    query = sa.select(SiteDay.day, *_SUMS).where(SiteDay.site_id == site_id, SiteDay.day >= since)
    return [(day, Figures(*sums)) for day, *sums in session.execute(query.group_by(SiteDay.day).order_by(SiteDay.day))]


def _sites(session: ScopedSession, within: sa.ColumnElement[bool]) -> list[SiteFigures]:
    sums = sa.select(SiteDay.site_id, *(column.label(f"sum_{at}") for at, column in enumerate(_SUMS)))
    summed = sums.where(within).group_by(SiteDay.site_id).subquery()
    first = sa.select(Device.site_id, sa.func.min(Device.id).label("device_id")).group_by(Device.site_id).subquery()
    query = (
        sa.select(Site.id, Site.name, Site.city, first.c.device_id, *list(summed.c)[1:])
        .join(summed, summed.c.site_id == Site.id)
        .outerjoin(first, first.c.site_id == Site.id)
    )
    found = [
        SiteFigures(site_id, name, city, device_id, Figures(*values))
        for site_id, name, city, device_id, *values in session.execute(query)
    ]
    return sorted(found, key=lambda site: (*_badness(site.figures), site.site))


def _badness(figures: Figures) -> tuple[Any, ...]:
    """The least available first; where nothing is counted, last."""
    if not figures.counted_seconds:
        return True, 0.0
    return False, figures.available_seconds / figures.counted_seconds
