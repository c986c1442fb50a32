"""Finding devices in a long list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from control_ui.models import Device, DeviceState, Group, Site
from control_ui.models.devices import DeviceStatus, Environment
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.devices import groups
from control_ui.services.devices.loading import LEAN
from control_ui.services.devices.selector import parse, where
from control_ui.services.pages import Page, paginate


@dataclass(frozen=True)
class Filter:
    """All that is given must hold. `text` is looked for in name, address, and the site's name and city."""

    text: str | None = None
    status: DeviceStatus | None = None
    group_id: int | None = None
    not_in_group_id: int | None = None
    query: str | None = None
    region: str | None = None
    ring: str | None = None
    environment: Environment | None = None
    template_id: int | None = None
    site_id: int | None = None
    release: str | None = None


def find(session: ScopedSession, wanted: Filter, *, limit: int, cursor: str | None) -> Page[Device]:
    """A page of devices, by name. Raises InvalidError for a bad query or cursor, NotFoundError for an unknown group."""
    query = sa.select(Device).options(*LEAN)
    for condition in _conditions(session, wanted):
        query = query.where(condition)
    return paginate(session, query, by=(Device.name, Device.id), limit=limit, cursor=cursor)


def named(session: ScopedSession, ids: Sequence[int]) -> list[tuple[int, str]]:
    """Id and name of those of these devices that are of this scope, by name."""
    query = sa.select(Device.id, Device.name).where(Device.id.in_(ids)).order_by(Device.name, Device.id)
    return [(device_id, name) for device_id, name in session.execute(query)]


def _conditions(session: ScopedSession, wanted: Filter) -> list[sa.ColumnElement[bool]]:
    equal = {
        Device.ring: wanted.ring,
        Device.environment: wanted.environment,
        Device.template_id: wanted.template_id,
        Device.site_id: wanted.site_id,
    }
    found: list[sa.ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if wanted.status is not None:
        found.append(Device.state.has(DeviceState.status == wanted.status))
    if wanted.release is not None:
        found.append(Device.state.has(DeviceState.release == wanted.release))
    if wanted.region is not None:
        found.append(Device.site.has(Site.region == wanted.region))
    if wanted.group_id is not None:
        found.append(groups.members(rows.fetch(session, Group, wanted.group_id, "group")))
    if wanted.not_in_group_id is not None:
        group = rows.fetch(session, Group, wanted.not_in_group_id, "group")
        found += [Device.tenant_id == group.tenant_id, sa.not_(groups.members(group))]
    if wanted.query is not None:
        found.append(where(parse(wanted.query)))
    if wanted.text:
        found.append(_mentions(wanted.text))
    return found


def _mentions(text: str) -> sa.ColumnElement[bool]:
    of_site = (Site.name, Site.city)
    return sa.or_(
        Device.name.icontains(text, autoescape=True),
        Device.address.icontains(text, autoescape=True),
        Device.site.has(sa.or_(*(column.icontains(text, autoescape=True) for column in of_site))),
    )
