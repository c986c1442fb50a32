"""For each device, how it would get back: to its configuration before a deployment. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from control_ui.models import Deployment, DeploymentDevice
from control_ui.models.deployments import DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments.standing import Standing, standings


class Action(StrEnum):
    RESTORE = "restore"
    """A new number with the old content."""
    WITHDRAW = "withdraw"
    """It has not got it: it is not offered any more."""
    OWN_ROLLBACK = "own rollback"
    """Nothing of it from before is known here: the Pi itself goes back to what it had."""
    LEAVE = "leave alone"


@dataclass(frozen=True)
class Way:
    """One device's. `from_id` and `to_id` are configurations: what is taken back, and whose content returns."""

    device_id: int
    name: str
    action: Action
    why: str
    from_id: int | None
    to_id: int | None = None
    standing: Standing | None = None
    """In the deployment that is taken back, where it is one."""


GIVEN = (
    DeviceProgress.DELIVERING,
    DeviceProgress.APPLIED,
    DeviceProgress.FAILED,
    DeviceProgress.WAITING,
    DeviceProgress.SUPERSEDED,
    DeviceProgress.EXPIRED,
    DeviceProgress.ROLLBACK_FAILED,
)
"""Devices that a deployment has, or may have, come to."""


def ways_back(session: ScopedSession, deployment: Deployment, now: datetime) -> list[Way]:
    """Of every device that this deployment has given its configuration, or is about to; by name."""
    found = standings(session, DeploymentDevice.deployment_id == deployment.id, DeploymentDevice.progress.in_(GIVEN))
    ways = (_way(standing, now) for standing in found)
    return [way for way in ways if way is not None]


def acting(ways: Iterable[Way]) -> list[Way]:
    """Those by which something happens."""
    return [way for way in ways if way.action != Action.LEAVE]


def _way(standing: Standing, now: datetime) -> Way | None:
    """None: there is nothing to take back, nor to tell."""
    if standing.previous_id is not None and standing.previous_id == standing.config_version_id:
        return None  # it ran this before, too
    touched = standing.runs_it or standing.changed_at is not None
    if moved_on := _moved_on(standing, now):
        return _to(standing, Action.LEAVE, f"it has moved on: {moved_on}; it is left alone") if touched else None
    if standing.progress in (DeviceProgress.SUPERSEDED, DeviceProgress.EXPIRED) and not touched:
        return None
    if _certainly_without(standing):
        return _to(standing, Action.WITHDRAW, "it has not got it: it is not offered any more")
    if standing.previous_id is None:
        return _to(standing, Action.OWN_ROLLBACK, "what it had before did not come from here: the Pi itself goes back")
    return _to(standing, Action.RESTORE, "it gets a new number with the content it had before")


def _certainly_without(standing: Standing) -> bool:
    """Whether the Pi does not run it and cannot be about to: it said no itself, or nothing has reached it."""
    if standing.runs_it:
        return False
    said_no = standing.progress == DeviceProgress.FAILED and bool(standing.evidence.get("against"))
    return said_no or not standing.may_have_it


def _moved_on(standing: Standing, now: datetime) -> str:
    """To which newer version; empty where it has not."""
    if standing.number is None:
        return ""
    wanted, reported = standing.wanted_number, standing.reported
    expired = standing.wanted_until is not None and standing.wanted_until <= now
    if wanted is not None and wanted > standing.number and not expired:
        return f"version {wanted} is wanted"
    if reported is not None and reported > standing.number:
        return f"version {reported} is in force"
    return ""


def _to(standing: Standing, action: Action, why: str) -> Way:
    return Way(
        standing.device_id, standing.name, action, why, standing.config_version_id, standing.previous_id, standing
    )
