"""What people aim at when something is to be done to many devices: all, a region, a ring, an environment, a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, Site
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import groups


@dataclass(frozen=True)
class Choice:
    """`kind` is all, region, ring, environment or group; `value` the word, or a group's id."""

    kind: str
    value: str
    label: str
    count: int


def choices(session: ScopedSession) -> list[Choice]:
    """With how many devices each has. A handful of statements, however many devices and groups."""
    rings = _by(session, "ring", sa.select(Device.ring, sa.func.count(Device.id)).group_by(Device.ring))
    every = Choice("all", "", "All sites", sum(ring.count for ring in rings))
    of_region = sa.select(Site.region, sa.func.count(Device.id)).join(Device, Device.site_id == Site.id)
    regions = _by(session, "region", of_region.group_by(Site.region))
    of_environment = sa.select(Device.environment, sa.func.count(Device.id)).group_by(Device.environment)
    environments = _by(session, "environment", of_environment)
    return [every, *regions, *rings, *environments, *_groups(session)]


def target_of(kind: str, value: str) -> dict[str, Any]:
    """As services/devices/targets.py takes it."""
    if kind == "all":
        return {"all": True}
    if kind == "group":
        return {"group_id": int(value)}
    return {"query": f'{kind}="{value}"'}


def _by(session: ScopedSession, kind: str, query: sa.Select[Any, int]) -> list[Choice]:
    """Without those that have no such word."""
    found: Sequence[Any] = session.execute(query).all()
    return sorted(
        (Choice(kind, str(value), str(value), count) for value, count in found if value), key=lambda one: one.label
    )


def _groups(session: ScopedSession) -> list[Choice]:
    found = groups.every(session)
    sizes = groups.sizes(session, found)
    return [Choice("group", str(group.id), group.name, sizes[group.id]) for group in found]
