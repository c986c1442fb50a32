"""Devices by the names that people type or paste."""

from __future__ import annotations

import re
from collections.abc import Collection

import sqlalchemy as sa

from control_ui.models import Device, Site
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import Fault, InvalidError

MOST_NAMES = 10_000
MOST_TOLD = 10
MOST_SUGGESTED = 20
_BETWEEN = re.compile(r"[\s,;]+")


def ids_of(session: ScopedSession, text: str) -> list[int]:
    """Of the devices whose names stand in `text`, between spaces, commas or line breaks. Raises InvalidError, which
    tells the names that nobody has."""
    names = {name for name in _BETWEEN.split(text) if name}
    if len(names) > MOST_NAMES:
        raise InvalidError("too many names", [Fault("$.target.names", f"has more than {MOST_NAMES} names")])
    found = dict(session.execute(sa.select(Device.name, Device.id).where(Device.name.in_(names))).all())
    if unknown := sorted(names - found.keys()):
        more = f" and {len(unknown) - MOST_TOLD} more" if len(unknown) > MOST_TOLD else ""
        words = f"names no site of yours: {', '.join(unknown[:MOST_TOLD])}{more}"
        raise InvalidError("some of these sites are not known", [Fault("$.target.names", words)])
    return sorted(found.values())


def of_ids(session: ScopedSession, ids: Collection[int]) -> list[str]:
    """The names of those that there are, in order."""
    return list(session.scalars(sa.select(Device.name).where(Device.id.in_(ids)).order_by(Device.name)))


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
