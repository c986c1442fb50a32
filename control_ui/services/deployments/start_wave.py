"""Starting a wave: its devices are wanted to run their configurations, and those that are there are sent it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer

from control_ui.models import ConfigVersion, Deployment, DeploymentDevice, Device, DeviceState
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration import versions
from control_ui.services.configuration.desire import want_many
from control_ui.services.deployments import parameters, record
from control_ui.services.deployments.adopt import adopt_templates, hold
from control_ui.services.deployments.differences import whole_versions
from control_ui.services.deployments.push import push, reachable
from control_ui.services.deployments.waves import AWAY
from control_ui.services.devices.loading import LEAN
from control_ui.services.rows import swap


@dataclass
class Candidate:
    """A device whose turn it is. `version` is None where the Pi is to go back by itself."""

    row: DeploymentDevice
    device: Device
    version: ConfigVersion | None
    in_force_id: int | None
    newest: int | None
    """The highest number of the device's configurations."""


def start_next_wave(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Start the next wave if it is due. The deployment must be locked; does not commit."""
    if not _due(deployment, now):
        return False
    wave = next_wave(session, deployment)
    if wave is None:
        return False
    values = {"current_wave": wave, "wave_started_at": now, "wave_passed_at": None}
    if not swap(session, Deployment, deployment.id, Deployment.current_wave, deployment.current_wave, values):
        return False
    candidates = _candidates(session, deployment, wave)
    for candidate in candidates:
        _place(candidate, now)
    _offer(session, deployment, candidates, now)
    _send(session, deployment, candidates, now)
    _tell(session, deployment, candidates, now)
    return True


def next_wave(session: ScopedSession, deployment: Deployment) -> int | None:
    """The number of the next wave that has devices; None where there is none."""
    query = sa.select(sa.func.min(DeploymentDevice.wave)).where(
        DeploymentDevice.deployment_id == deployment.id, DeploymentDevice.progress == DeviceProgress.PENDING
    )
    return session.scalars(query).one()


def _due(deployment: Deployment, now: datetime) -> bool:
    if deployment.state != DeploymentState.RUNNING:
        return False
    if deployment.current_wave == 0:
        return True
    passed = deployment.wave_passed_at
    return passed is not None and now >= passed + parameters.of(deployment).soak


def _candidates(session: ScopedSession, deployment: Deployment, wave: int) -> list[Candidate]:
    """The wave's devices, in one statement."""
    in_force = sa.orm.aliased(ConfigVersion)
    numbers = sa.orm.aliased(ConfigVersion)
    newest = sa.select(sa.func.max(numbers.number)).where(numbers.device_id == Device.id).scalar_subquery()
    query = (
        sa.select(DeploymentDevice, Device, ConfigVersion, in_force.id, newest)
        .join(Device, Device.id == DeploymentDevice.device_id)
        .join(Device.state)
        .outerjoin(ConfigVersion, ConfigVersion.id == DeploymentDevice.config_version_id)
        .outerjoin(in_force, sa.and_(in_force.device_id == Device.id, in_force.number == DeviceState.config_version))
        .where(
            DeploymentDevice.deployment_id == deployment.id,
            DeploymentDevice.wave == wave,
            DeploymentDevice.progress == DeviceProgress.PENDING,
        )
        .order_by(Device.name)
        .options(*LEAN, defer(ConfigVersion.document))
        .execution_options(populate_existing=True)
    )
    return [Candidate(*found) for found in session.execute(query).unique()]


def _place(candidate: Candidate, now: datetime) -> None:
    """What becomes of the device in this wave; and what it had and was to have before."""
    row, state = candidate.row, candidate.device.state
    own = candidate.version is None
    overtaken = own and row.wanted_before_id != state.desired_config_id
    row.previous_config_version_id = candidate.in_force_id
    row.wanted_before_id, row.wanted_before_expires_at = state.desired_config_id, state.desired_expires_at
    if overtaken or (candidate.version is not None and (candidate.newest or 0) > candidate.version.number):
        row.progress, row.detail = DeviceProgress.SUPERSEDED, f"version {candidate.newest} was made since"
    elif candidate.device.held_reason:
        row.progress, row.detail = DeviceProgress.HELD, f"held: {candidate.device.held_reason}"
    elif state.status in AWAY and not own:
        row.progress, row.detail = DeviceProgress.WAITING, _away(state)
    else:
        row.progress = DeviceProgress.DELIVERING
    row.settled_at = None if row.progress == DeviceProgress.DELIVERING else now


def _away(state: DeviceState) -> str:
    if state.status == DeviceStatus.NEVER_SEEN:
        return "has never checked in: gets it when it first does"
    return f"is off since {state.status_since.isoformat(timespec='minutes')}: gets it when it returns"


def _offer(session: ScopedSession, deployment: Deployment, candidates: Sequence[Candidate], now: datetime) -> None:
    """Have the configurations wanted, for devices that are off too. A newer wish stands."""
    chosen = [one for one in candidates if one.row.progress in (DeviceProgress.DELIVERING, DeviceProgress.WAITING)]
    _renumber(session, deployment, chosen, now)
    for candidate in chosen:
        candidate.row.offered_at = now
    session.flush()
    hold(session, {one.device.id for one in chosen})
    wanted = {one.device.id: one.version for one in chosen}
    until = now + parameters.of(deployment).lifetime
    taken = want_many(session, wanted, expires_at=until, now=now) if wanted else set()
    adopt_templates(
        session,
        {one.device.id: one.version.template_version_id for one in chosen if one.version and one.device.id in taken},
    )
    for candidate in chosen:
        if candidate.device.id not in taken:
            candidate.row.progress, candidate.row.detail = DeviceProgress.SUPERSEDED, "a newer version is wanted"


def _renumber(session: ScopedSession, deployment: Deployment, chosen: Sequence[Candidate], now: datetime) -> None:
    """A Pi that has numbered configurations by itself meanwhile would take the version for an old one: give the same
    content a number it takes."""
    passed = {one.version.id: one for one in chosen if one.version is not None and _has_passed(one, one.version)}
    if not passed:
        return
    whole = whole_versions(session, passed)
    pairs = [(one.device, whole[version_id]) for version_id, one in passed.items()]
    why = "the Pi has numbered configurations by itself meanwhile"
    made = versions.restore_many(session, pairs, actor=record.by_itself(deployment), reason=why, now=now)
    for candidate, version in zip(passed.values(), made, strict=True):
        candidate.version, candidate.row.config_version_id = version, version.id


def _has_passed(candidate: Candidate, version: ConfigVersion) -> bool:
    reported = candidate.device.state.config_version or 0
    return reported >= version.number and candidate.in_force_id != version.id


def _send(session: ScopedSession, deployment: Deployment, candidates: Sequence[Candidate], now: datetime) -> None:
    """By SSH, to all that can be reached so."""
    given = {
        one.device.id: None if one.version is None else one.version.id
        for one in candidates
        if one.row.progress == DeviceProgress.DELIVERING and (reachable(one.device) or one.version is None)
    }
    runs = push(session, deployment, given, now)
    for candidate in candidates:
        candidate.row.run_id = runs.get(candidate.device.id)
    session.flush()


def _tell(session: ScopedSession, deployment: Deployment, candidates: Sequence[Candidate], now: datetime) -> None:
    def change(one: Candidate) -> dict[str, Any]:
        to = {} if one.version is None else {"to": one.version.number, "sha256": one.version.content_sha256}
        return {"from": one.device.state.config_version, **to, "progress": one.row.progress}

    after = {
        "wave": deployment.current_wave,
        "runs": sorted({one.row.run_id for one in candidates if one.row.run_id is not None}),
        "devices": {one.device.name: change(one) for one in candidates},
    }
    actor = record.by_itself(deployment)
    record.tell(session, actor, deployment, "start_wave", now=now, reason=deployment.reason, after=after)
