"""Devices by the names that people type or paste."""

from __future__ import annotations

import re
from collections.abc import Collection

import sqlalchemy as sa

from control_ui.models import Device
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import Fault, InvalidError

MOST_NAMES = 10_000
MOST_TOLD = 10
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
