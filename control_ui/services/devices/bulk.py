"""One change to many devices: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from control_ui.models import Device
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.devices import facts
from control_ui.services.errors import InvalidError
from control_ui.services.permissions import Permission

MOST_FAULTS = 100


@dataclass(frozen=True)
class BulkChange:
    """What is None or empty stays as it is. An empty `held_reason` releases."""

    add_labels: dict[str, str] = field(default_factory=dict)
    remove_labels: Sequence[str] = ()
    ring: str | None = None
    environment: str | None = None
    hardware: str | None = None
    held_reason: str | None = None

    def is_hold_only(self) -> bool:
        """Holding and releasing is for operators, too; the rest for those who manage devices."""
        others = (self.ring, self.environment, self.hardware)
        return not self.add_labels and not self.remove_labels and all(value is None for value in others)

    def values_for(self, device: Device) -> dict[str, Any]:
        labels = {name: value for name, value in device.labels.items() if name not in self.remove_labels}
        given = {
            "ring": self.ring,
            "environment": self.environment,
            "hardware": self.hardware,
            "held_reason": self.held_reason,
        }
        return {
            "labels": labels | self.add_labels,
            **{name: value for name, value in given.items() if value is not None},
        }


@dataclass(frozen=True)
class BulkResult:
    """Names, in order."""

    changed: list[str]
    unchanged: list[str]


def update(
    session: ScopedSession, actor: Actor, devices: Sequence[Device], wanted: BulkChange, *, reason: str, now: datetime
) -> BulkResult:
    """Raises InvalidError where any of the devices could not be so, ForbiddenError for more than holding devices
    without the right to manage them."""
    if not wanted.is_hold_only():
        actor.require(Permission.DEVICES_MANAGE)
    faults = [fault for device in devices for fault in facts.faults(wanted.values_for(device), device.name)]
    if faults:
        raise InvalidError("nothing was changed: some of these devices could not be so", faults[:MOST_FAULTS])
    changes = {device: facts.put(device, wanted.values_for(device)) for device in devices}
    _record(session, actor, {device: change for device, change in changes.items() if change}, reason, now)
    session.commit()
    return BulkResult(
        [device.name for device, change in changes.items() if change],
        [device.name for device, change in changes.items() if not change],
    )


def _record(
    session: ScopedSession, actor: Actor, changes: dict[Device, facts.Changes], reason: str, now: datetime
) -> None:
    """One entry for each tenant concerned (a platform administrator may change devices of several)."""
    for tenant_id in sorted({device.tenant_id for device in changes}):
        pairs = {
            device.name: facts.before_and_after(change)
            for device, change in changes.items()
            if device.tenant_id == tenant_id
        }
        before, after = ({name: pair[side] for name, pair in pairs.items()} for side in (0, 1))
        subject = Subject("devices", len(pairs), f"{len(pairs)} devices")
        record(
            session,
            actor,
            "device.bulk_update",
            subject,
            tenant_id=tenant_id,
            reason=reason,
            before=before,
            after=after,
            at=now,
        )
