"""Which devices are left alone, because somebody or something is at work on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Alert, Deployment, DeploymentDevice, Device, HealingAction, HostResult, Run, Silence
from control_ui.models.alerts import AlertState
from control_ui.models.deployments import FINAL_DEPLOYMENT_STATES, DeviceProgress
from control_ui.models.runs import FINAL_RUN_STATES
from control_ui.models.scope import ScopedSession
from control_ui.services.alerts import silences
from control_ui.services.healing.plain import Block
from control_ui.services.runs import windows

_UNDER_WAY = (DeviceProgress.DELIVERING, DeviceProgress.ROLLING_BACK)


def blocks(session: ScopedSession, devices: Sequence[Device], now: datetime) -> dict[int, Block]:
    """By device, the first reason there is. A held device is left alone, but its troubles are still somebody's."""
    ids = [device.id for device in devices]
    found = {device.id: Block(f"held: {device.held_reason}", quiet=False) for device in devices if device.held_reason}
    found |= {device_id: Block(words, quiet=True) for device_id, words in _silenced(session, devices, now).items()}
    for device in devices:
        site = device.site
        if site.maintenance_windows and windows.is_open(site.maintenance_windows, site.timezone, now):
            found[device.id] = Block("its maintenance window is open: somebody may be at work there", quiet=True)
    found |= {device_id: Block(words, quiet=True) for device_id, words in _deployed(session, ids).items()}
    found |= {device_id: Block(words, quiet=True) for device_id, words in _run(session, ids).items()}
    return found


def _silenced(session: ScopedSession, devices: Sequence[Device], now: datetime) -> dict[int, str]:
    """Whose alert is silenced, or whose site is as a whole."""
    by_alert = sa.select(Alert.device_id).where(
        Alert.state == AlertState.FIRING,
        Alert.device_id.in_([device.id for device in devices]),
        silences.applying(now),
    )
    found = {device_id: "its alert is silenced" for device_id in session.scalars(by_alert) if device_id is not None}
    active = sa.select(Silence.tenant_id, Silence.site_id).where(
        Silence.name == "", Silence.lifted_at.is_(None), Silence.created_at <= now, Silence.ends_at > now
    )
    whole = {(tenant_id, site_id) for tenant_id, site_id in session.execute(active)}
    for device in devices:
        if whole & {(device.tenant_id, device.site_id), (device.tenant_id, None)}:
            found[device.id] = "its site is silenced"
    return found


def _deployed(session: ScopedSession, ids: list[int]) -> dict[int, str]:
    query = (
        sa.select(DeploymentDevice.device_id, DeploymentDevice.deployment_id)
        .join(Deployment, Deployment.id == DeploymentDevice.deployment_id)
        .where(
            DeploymentDevice.device_id.in_(ids),
            DeploymentDevice.progress.in_(_UNDER_WAY),
            Deployment.state.not_in(FINAL_DEPLOYMENT_STATES),
        )
    )
    return {device_id: f"deployment {number} is at work on it" for device_id, number in session.execute(query)}


def _run(session: ScopedSession, ids: list[int]) -> dict[int, str]:
    """Runs of others that change something and are not over on this device. Our own are told by their attempts."""
    ours = sa.select(HealingAction.run_id).where(HealingAction.run_id.is_not(None))
    query = (
        sa.select(HostResult.device_id, HostResult.run_id)
        .join(Run, Run.id == HostResult.run_id)
        .where(
            HostResult.device_id.in_(ids),
            HostResult.outcome.is_(None),
            Run.mutating,
            Run.state.not_in(FINAL_RUN_STATES),
            Run.id.not_in(ours),
        )
    )
    return {device_id: f"run {number} is at work on it" for device_id, number in session.execute(query)}
