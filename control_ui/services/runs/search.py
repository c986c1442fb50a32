"""Finding runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, HostResult, Run
from control_ui.models.runs import RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.pages import Page, paginate


@dataclass(frozen=True)
class Filters:
    """Each narrows the list; `since` and `until` are about when a run was asked for, `until` not included."""

    state: list[RunState] = field(default_factory=list)
    playbook: str | None = None
    device_id: int | None = None
    deployment_id: int | None = None
    schedule_id: int | None = None
    requested_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    """Part of the name of who asked."""
    text: str | None = None
    """Part of a device's name, or of the reason."""
    tenant_id: int | None = None


def search(session: ScopedSession, filters: Filters, *, limit: int, cursor: str | None) -> Page[Run]:
    """Runs of this scope, the newest first."""
    query = sa.select(Run).where(*_conditions(filters))
    return paginate(session, query, by=[Run.id], limit=limit, cursor=cursor, descending=True)


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    equal: list[tuple[Any, Any]] = [
        (Run.playbook, filters.playbook),
        (Run.deployment_id, filters.deployment_id),
        (Run.schedule_id, filters.schedule_id),
        (Run.requested_by, filters.requested_by),
        (Run.tenant_id, filters.tenant_id),
    ]
    found = [column == value for column, value in equal if value is not None]
    if filters.state:
        found.append(Run.state.in_(filters.state))
    if filters.device_id is not None:
        found.append(Run.id.in_(sa.select(HostResult.run_id).where(HostResult.device_id == filters.device_id)))
    if filters.since is not None:
        found.append(Run.requested_at >= filters.since)
    if filters.until is not None:
        found.append(Run.requested_at < filters.until)
    if filters.person:
        found.append(Run.requested_by.icontains(filters.person, autoescape=True))
    if filters.text:
        found.append(_mentions(filters.text))
    return found


def _mentions(text: str) -> sa.ColumnElement[bool]:
    named = sa.select(Device.id).where(Device.name.icontains(text, autoescape=True))
    on_one = sa.select(HostResult.run_id).where(HostResult.device_id.in_(named))
    return sa.or_(Run.reason.icontains(text, autoescape=True), Run.id.in_(on_one))
