"""Which devices a run, a deployment or a bulk change is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, DeviceState, Group, HostResult, Run
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import FINAL_RUN_STATES, HostOutcome, HostProgress
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.devices import groups
from control_ui.services.devices.loading import LEAN
from control_ui.services.devices.selector import parse, where
from control_ui.services.errors import Fault, InvalidError

KINDS = ("device_ids", "group_id", "query", "all", "failed_of")
MOST_NAMED = 10
"""So many unknown ids are named; a longer list helps nobody."""


def resolve(session: ScopedSession, target: dict[str, Any]) -> list[Device]:
    """The devices of this scope that `target` names, by name.

    Exactly one of `{"device_ids": [..]}`, `{"group_id": n}`, `{"query": "ring=canary"}`, `{"all": true}` and
    `{"failed_of": run_id}` (hosts of that run that failed, were unreachable, or were not worked on to the end).
    Raises InvalidError where that is no device at all, or an id is unknown; NotFoundError for an unknown group or run.
    """
    kind, value = _only(target)
    query = sa.select(Device).order_by(Device.name, Device.id).options(*LEAN)
    devices = list(session.scalars(query.where(_condition(session, kind, value))).unique())
    if kind == "device_ids":
        _check_all_found(value, [device.id for device in devices])
    if not devices:
        raise _nothing(kind)
    return devices


@dataclass(frozen=True)
class Glance:
    """A target at a glance: how many devices it has, how many of them are off or held, the first names, and whose they
    are."""

    number: int
    away: int
    held: int
    names: list[str]
    tenant_ids: set[int]


def glance(session: ScopedSession, target: dict[str, Any], most_names: int = 8) -> Glance:
    """What `resolve` would find, without loading it. Raises what `resolve` raises."""
    kind, value = _only(target)
    columns = (Device.id, Device.name, Device.tenant_id, Device.held_reason, DeviceState.status)
    query = sa.select(*columns).join(DeviceState, DeviceState.device_id == Device.id)
    found = session.execute(query.where(_condition(session, kind, value)).order_by(Device.name, Device.id)).all()
    if kind == "device_ids":
        _check_all_found(value, [row.id for row in found])
    if not found:
        raise _nothing(kind)
    return Glance(
        number=len(found),
        away=sum(row.status in (DeviceStatus.OFFLINE, DeviceStatus.NEVER_SEEN) for row in found),
        held=sum(bool(row.held_reason) for row in found),
        names=[row.name for row in found[:most_names]],
        tenant_ids={row.tenant_id for row in found},
    )


def _nothing(kind: str) -> InvalidError:
    return InvalidError("there is nothing to do: the target names no device", [Fault(f"$.target.{kind}", "is empty")])


def _only(target: dict[str, Any]) -> tuple[str, Any]:
    given = {kind: value for kind, value in target.items() if value is not None and value is not False}
    if len(given) != 1 or not given.keys() <= set(KINDS):
        raise InvalidError("the target is not valid", [Fault("$.target", f"must be exactly one of {', '.join(KINDS)}")])
    return next(iter(given.items()))


def _condition(session: ScopedSession, kind: str, value: Any) -> sa.ColumnElement[bool]:
    if kind == "device_ids":
        return Device.id.in_(value)
    if kind == "group_id":
        return groups.members(rows.fetch(session, Group, value, "group"))
    if kind == "query":
        return where(parse(value))
    if kind == "failed_of":
        return Device.id.in_(_unfinished(rows.fetch(session, Run, value, "run")))
    return sa.true()


def _unfinished(run: Run) -> sa.Select[int]:
    """Once a run has ended, whatever it never came to is not on its way any more."""
    bad = HostResult.outcome.in_([HostOutcome.FAILED, HostOutcome.UNREACHABLE])
    has_ended = run.state in FINAL_RUN_STATES
    left = HostResult.outcome.is_(None) if has_ended else HostResult.progress == HostProgress.INTERRUPTED
    return sa.select(HostResult.device_id).where(HostResult.run_id == run.id, sa.or_(bad, left))


def _check_all_found(wanted: list[int], found: list[int]) -> None:
    unknown = sorted(set(wanted) - set(found))
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        words = ", ".join(map(str, unknown[:MOST_NAMED])) + more
        raise InvalidError(
            "the target names devices that do not exist", [Fault("$.target.device_ids", f"unknown: {words}")]
        )
