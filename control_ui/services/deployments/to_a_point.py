"""Rollbacks of devices, groups, any target: to what they ran before, to a number of their own, to before a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Deployment, Device, Run
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.deployments import past
from control_ui.services.deployments.going_back import Errand, go_back
from control_ui.services.deployments.in_force import in_force
from control_ui.services.deployments.lock import lock_with_rivals
from control_ui.services.deployments.way_back import Action, Way, acting
from control_ui.services.devices import targets
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.rows import fetch


@dataclass(frozen=True)
class Point:
    """Where to go back to: exactly one is given. `version`: a number of the one device's own configurations; `run_id`:
    what each device ran when that run began."""

    previous: bool = False
    version: int | None = None
    run_id: int | None = None

    def document(self) -> dict[str, Any]:
        given = {"previous": self.previous or None, "version": self.version, "run_id": self.run_id}
        return {name: value for name, value in given.items() if value is not None}


def roll_back_to(
    session: ScopedSession,
    actor: Actor,
    target: dict[str, Any],
    point: Point,
    reason: str,
    now: datetime,
    *,
    commit: bool = True,
) -> Deployment:
    """Take devices back to a point; only their configuration, not their release. Raises NotFoundError, InvalidError
    where no device can be taken there. Commits, unless told not to."""
    devices = targets.resolve(session, target)
    lock_with_rivals(session, [device.id for device in devices])
    ways = ways_to(session, devices, point)
    if not acting(ways):
        faults = [Fault("$.to", f"{way.name}: {way.why}") for way in ways]
        raise InvalidError("no device can be taken back there", faults)
    errand = Errand(_tenant_of(devices), target, point.document(), reason)
    rollback = go_back(session, actor, errand, ways, now)
    if commit:
        session.commit()
    return rollback


def ways_to(session: ScopedSession, devices: Sequence[Device], point: Point) -> list[Way]:
    """How each device would get there. Raises NotFoundError for an unknown run, InvalidError for a point that is none.
    Changes nothing."""
    _check(devices, point)
    _tenant_of(devices)
    ids = [device.id for device in devices]
    now = in_force(session, ids)
    known: dict[int, int] | dict[int, int | None]
    if point.run_id is not None:
        fetch(session, Run, point.run_id, "run")
        known = past.at_run(session, point.run_id, ids)
    elif point.version is not None:
        known = past.numbered(session, ids, point.version)
    else:
        known = past.previous(session, ids)
    contents = _contents(session, [*now.values(), *(one for one in known.values() if one is not None)])
    return [_way(device, point, now.get(device.id), known, contents) for device in devices]


def _check(devices: Sequence[Device], point: Point) -> None:
    if len(point.document()) != 1:
        raise InvalidError("say where to go back to", [Fault("$.to", "must be one of previous, version, run_id")])
    if point.version is not None and len(devices) != 1:
        words = f"is a number of one device's configurations, and the target names {len(devices)} devices"
        raise InvalidError("each device has numbers of its own", [Fault("$.to.version", words)])


def _tenant_of(devices: Sequence[Device]) -> int:
    owners = {device.tenant_id for device in devices}
    if len(owners) != 1:
        raise InvalidError(
            "the target names devices of several tenants: say which is meant, by its slug in the header X-Tenant",
            [Fault("$.target", "reaches over one tenant")],
        )
    return owners.pop()


def _way(device: Device, point: Point, now: int | None, known: dict[int, Any], contents: dict[int, str]) -> Way:
    def way(action: Action, why: str, to: int | None = None) -> Way:
        return Way(device.id, device.name, action, why, now, to)

    to = known.get(device.id)
    if to is not None and now is not None and contents[to] == contents[now]:
        return way(Action.LEAVE, "it runs this already")
    if to is not None:
        return way(Action.RESTORE, "it gets a new number with this content", to)
    if point.previous and device.state.config_version is not None:
        return way(Action.OWN_ROLLBACK, "what it ran before did not come from here: the Pi itself goes back")
    if device.id in known:
        return way(Action.LEAVE, "what it ran then did not come from here, and cannot be restored")
    return way(Action.LEAVE, _UNKNOWN[next(iter(point.document()))])


_UNKNOWN = {
    "previous": "it has never reported a configuration",
    "version": "it has no configuration of this number from here",
    "run_id": "it was not part of this run, or the run changes nothing",
}


def _contents(session: ScopedSession, version_ids: Sequence[int]) -> dict[int, str]:
    query = sa.select(ConfigVersion.id, ConfigVersion.content_sha256).where(ConfigVersion.id.in_(version_ids))
    return dict(session.execute(query).all())
