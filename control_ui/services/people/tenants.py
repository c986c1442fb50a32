"""Tenants, and what is settled for each.

Name and time zone are the tenant's own affair. Its administrators can switch four eyes (`requires_approval`) on, but
not off: one of them alone must not be able to do away with the second pair. How long is kept what happened is for the
platform to say, for it pays for the room, and a tenant that shortens it destroys evidence. The slug is in inventories
and file names, and never changes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import ForbiddenError
from control_ui.services.pages import Page, paginate
from control_ui.services.people import fields
from control_ui.services.permissions import Permission


@dataclass(frozen=True)
class NewTenant:
    slug: str
    name: str
    timezone: str = "UTC"
    requires_approval: bool = False


@dataclass(frozen=True)
class Changes:
    """None leaves it as it is."""

    name: str | None = None
    timezone: str | None = None
    requires_approval: bool | None = None
    log_retention_days: int | None = None
    event_retention_days: int | None = None
    sample_retention_days: int | None = None


_OF_THE_PLATFORM = ("log_retention_days", "event_retention_days", "sample_retention_days")


def create(session: ScopedSession, actor: Actor, new: NewTenant, *, reason: str, now: datetime) -> Tenant:
    """A new tenant. Raises InvalidError, ConflictError where the slug is taken."""
    fields.check(slug=new.slug, name=new.name, timezone=new.timezone)
    tenant = Tenant(**asdict(new), created_at=now)
    session.add(tenant)
    rows.flush_unless_taken(session, f"the slug {new.slug} is taken: choose another")
    _record(session, actor, "tenant.create", tenant, reason=reason, after=_described(tenant), now=now)
    session.commit()
    return tenant


def listed(session: ScopedSession, *, limit: int, cursor: str | None) -> Page[Tenant]:
    """The tenants of this scope: one's own, or all of them for the platform."""
    return paginate(session, sa.select(Tenant), by=[Tenant.id], limit=limit, cursor=cursor)


def change(
    session: ScopedSession,
    actor: Actor,
    tenant_id: int,
    changes: Changes,
    *,
    row_version: int,
    reason: str,
    now: datetime,
) -> Tenant:
    """Change what is given. Raises NotFoundError, ForbiddenError, LostUpdateError."""
    tenant = rows.fetch(session, Tenant, tenant_id, "tenant")
    rows.check_row_version(tenant, row_version, "tenant")
    before = _described(tenant)
    wanted = {field: value for field, value in asdict(changes).items() if value is not None and value != before[field]}
    _check_may_change(actor, wanted)
    if wanted:
        for field, value in wanted.items():
            setattr(tenant, field, value)
        session.flush()  # the row version is compared here, before the trail says that it was changed
        _record(
            session, actor, "tenant.update", tenant, reason=reason, before=before, after=_described(tenant), now=now
        )
    session.commit()
    return tenant


def _check_may_change(actor: Actor, wanted: dict[str, Any]) -> None:
    if Permission.PLATFORM_MANAGE in actor.permissions:
        return
    theirs = sorted(field for field in wanted if field in _OF_THE_PLATFORM)
    if theirs:
        raise ForbiddenError(f"only a platform administrator changes {', '.join(theirs)}")
    if wanted.get("requires_approval") is False:
        raise ForbiddenError("only a platform administrator switches approvals off")


def _described(tenant: Tenant) -> dict[str, Any]:
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "timezone": tenant.timezone,
        "requires_approval": tenant.requires_approval,
        "log_retention_days": tenant.log_retention_days,
        "event_retention_days": tenant.event_retention_days,
        "sample_retention_days": tenant.sample_retention_days,
    }


def _record(
    session: ScopedSession,
    actor: Actor,
    action: str,
    tenant: Tenant,
    *,
    reason: str,
    now: datetime,
    before: Any = None,
    after: Any = None,
) -> None:
    subject = Subject("tenant", tenant.id, tenant.name)
    record(session, actor, action, subject, tenant_id=tenant.id, reason=reason, before=before, after=after, at=now)
