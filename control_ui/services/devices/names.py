"""Devices by the names people type."""

from __future__ import annotations

import sqlalchemy as sa

from control_ui.models import Device, Site
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import Fault, InvalidError

MOST_SUGGESTED = 20


def by_name(session: ScopedSession, name: str) -> int:
    """The id of the device of this name, or of the only one at the site of this name. Raises InvalidError, with the
    fault at `$.device`."""
    wanted = name.replace("\x00", "").strip()
    query = sa.select(Device.id).join(Site, Site.id == Device.site_id)
    found = session.scalars(query.where(sa.or_(Device.name == wanted, Site.name == wanted)).limit(2)).all()
    if len(found) == 1:
        return found[0]
    what = "is the name of more than one: take the device's" if found else f"there is no site or device {wanted[:63]}"
    raise InvalidError("the site is not known", [Fault("$.device", what if wanted else "say which site")])


def suggest(session: ScopedSession, text: str) -> list[tuple[str, str]]:
    """Names of devices and of their sites where one of them holds the text, or the city does."""
    query = sa.select(Device.name, Site.name).join(Site, Site.id == Device.site_id)
    if wanted := text.replace("\x00", "").strip():
        columns = (Device.name, Site.name, Site.city)
        query = query.where(sa.or_(*(column.icontains(wanted, autoescape=True) for column in columns)))
    return [(name, site) for name, site in session.execute(query.order_by(Device.name).limit(MOST_SUGGESTED))]
