"""A rollback is a deployment like any other: a row, its devices with their configurations, runs, evidence, audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from control_ui.models import ConfigVersion, Deployment, DeploymentDevice, Device
from control_ui.models.deployments import DeviceProgress, Strategy
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.configuration import versions
from control_ui.services.deployments import differences
from control_ui.services.deployments.in_force import in_force
from control_ui.services.deployments.opening import first_state, opened
from control_ui.services.deployments.parameters import NEVER_STOPS
from control_ui.services.deployments.way_back import Action, Way


@dataclass(frozen=True)
class Errand:
    """A rollback as it was asked for. `to` is kept as it is: `{"previous": true}`, `{"run_id": 7}`."""

    tenant_id: int
    target: dict[str, Any]
    to: dict[str, Any]
    reason: str
    rollback_of_id: int | None = None


def go_back(session: ScopedSession, actor: Actor, errand: Errand, ways: Sequence[Way], now: datetime) -> Deployment:
    """The rollback by these ways, begun or proposed; the deployments that its devices are in must be locked. Does not
    commit. What is withdrawn is not its business: nothing is brought to those devices."""
    rollback = Deployment(
        tenant_id=errand.tenant_id,
        rollback_of_id=errand.rollback_of_id,
        strategy=Strategy.ALL,
        parameters=NEVER_STOPS.document() | {"to": errand.to},
        target=errand.target,
        state=first_state(session, actor, errand.tenant_id),
        reason=errand.reason,
        requested_by_id=actor.user_id,
        requested_by=actor.name,
        requested_at=now,
    )
    session.add(rollback)
    session.flush()
    told = _add_devices(session, actor, rollback, ways, now)
    opened(session, actor, rollback, {"to": errand.to, "target": errand.target, "devices": told}, now)
    return rollback


def _add_devices(
    session: ScopedSession, actor: Actor, rollback: Deployment, ways: Sequence[Way], now: datetime
) -> dict[str, Any]:
    """Gives what is done with each device, for the audit trail."""
    ways = [way for way in ways if way.action != Action.WITHDRAW]
    old = differences.whole_versions(session, {way.to_id for way in ways})
    devices = differences.devices_by_id(session, {way.device_id for way in ways})
    now_in_force = in_force(session, devices)
    pairs = [(devices[way.device_id], old[way.to_id]) for way in ways if way.action == Action.RESTORE]
    made = versions.restore_many(session, pairs, actor=actor, reason=rollback.reason, now=now)
    restored = {version.device_id: version for version in made}
    told: dict[str, Any] = {}
    for way in ways:
        device, version = devices[way.device_id], restored.get(way.device_id)
        session.add(_row(rollback, device, way, version, now_in_force.get(device.id)))
        told[way.name] = {"action": way.action, "why": way.why, "from": device.state.config_version}
        if version is not None:
            told[way.name] |= {
                "to": version.number,
                "restores": old[way.to_id].number,
                "sha256": version.content_sha256,
            }
    return told


def _row(
    rollback: Deployment, device: Device, way: Way, restored: ConfigVersion | None, in_force_id: int | None
) -> DeploymentDevice:
    left = way.action == Action.LEAVE
    return DeploymentDevice(
        tenant_id=rollback.tenant_id,
        deployment_id=rollback.id,
        device_id=device.id,
        wave=1,
        progress=DeviceProgress.SUPERSEDED if left else DeviceProgress.PENDING,
        config_version_id=None if restored is None else restored.id,
        previous_config_version_id=in_force_id,
        wanted_before_id=device.state.desired_config_id,
        detail=way.why,
    )
