"""What a rollback would do, device by device, before anybody asks for it. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from control_ui.models import Deployment
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.diff import Change
from control_ui.services.deployments.differences import devices_by_id, difference, whole_versions
from control_ui.services.deployments.in_force import in_force
from control_ui.services.deployments.to_a_point import Point, ways_to
from control_ui.services.deployments.way_back import Action, Way, ways_back
from control_ui.services.devices import targets
from control_ui.services.rows import fetch


@dataclass(frozen=True)
class Foreseen:
    """One device: what it runs, whose content it would get, and what that changes there."""

    device_id: int
    device: str
    action: Action
    why: str
    from_number: int | None
    to_number: int | None
    """The old number, whose content returns; it gets a new one."""
    changes: list[Change]


def of_deployment(session: ScopedSession, deployment_id: int, now: datetime) -> list[Foreseen]:
    """Raises NotFoundError."""
    deployment = fetch(session, Deployment, deployment_id, "deployment")
    return _foreseen(session, ways_back(session, deployment, now))


def of_target(session: ScopedSession, target: dict[str, Any], point: Point) -> list[Foreseen]:
    """Raises NotFoundError, InvalidError."""
    return _foreseen(session, ways_to(session, targets.resolve(session, target), point))


def _foreseen(session: ScopedSession, ways: Sequence[Way]) -> list[Foreseen]:
    devices = devices_by_id(session, {way.device_id for way in ways})
    now = in_force(session, devices)
    versions = whole_versions(session, {*now.values(), *(way.to_id for way in ways)})
    found = []
    for way in ways:
        device = devices[way.device_id]
        to = versions.get(way.to_id) if way.action == Action.RESTORE else None
        seen = difference(device, versions.get(now.get(device.id)), to)
        reported = device.state.config_version
        found.append(Foreseen(device.id, device.name, way.action, way.why, reported, seen.to_number, seen.changes))
    return found
