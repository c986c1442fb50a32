"""What stands above every report: whose it is, which time it is about, and who made it when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from control_ui.models import Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.reports.period import Period

ALL_TENANTS = "all tenants"


@dataclass(frozen=True)
class Head:
    """`tenant` is a slug, or `all tenants`; `narrowed` is what the report was narrowed to."""

    tenant: str
    tenant_name: str
    period: Period
    made_at: datetime
    made_by: str
    narrowed: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As it stands in JSON."""
        return {
            "tenant": self.tenant,
            "timezone": self.period.zone.key,
            "from": utc(self.period.start),
            "to": utc(self.period.end),
            "made_at": utc(self.made_at),
            "made_by": self.made_by,
            "narrowed_to": self.narrowed,
        }


def tenant_of(session: ScopedSession) -> Tenant | None:
    """The tenant a report of this scope is about; None for all of them."""
    tenant_id = session.scope.tenant_id
    if tenant_id is None:
        return None
    found = session.scalars(sa.select(Tenant).where(Tenant.id == tenant_id)).one()
    session.commit()
    return found


def zone_of(tenant: Tenant | None) -> ZoneInfo:
    """In which a report's days begin and end."""
    return ZoneInfo("UTC" if tenant is None else tenant.timezone)


def head(tenant: Tenant | None, period: Period, actor: Actor, now: datetime, narrowed: dict[str, str | None]) -> Head:
    """The head of a report made now."""
    slug, name = (ALL_TENANTS, "All tenants") if tenant is None else (tenant.slug, tenant.name)
    return Head(slug, name, period, now, actor.name, {key: value for key, value in narrowed.items() if value})


def utc(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local(moment: datetime, zone: ZoneInfo) -> str:
    """RFC 3339 with the zone's offset, to the second."""
    return moment.astimezone(zone).isoformat(timespec="seconds")
