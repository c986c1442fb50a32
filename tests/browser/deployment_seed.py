"""A deployment in waves, over or half way."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Deployment, DeploymentDevice, Device, TemplateVersion
from control_ui.models.deployments import DeploymentState, DeviceProgress, Strategy
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments.parameters import Parameters


def deployed(
    session: ScopedSession, devices: list[Device], version: TemplateVersion, state: DeploymentState, at: datetime
) -> Deployment:
    over = state != DeploymentState.RUNNING
    row = Deployment(
        tenant_id=version.tenant_id, template_version_id=version.id, strategy=Strategy.WAVES,
        parameters=Parameters().document(), target={"device_ids": [one.id for one in devices]}, state=state,
        current_wave=3 if over else 2, wave_started_at=at, reason="fresher pictures",
        requested_by="operator@blue-wave.test", requested_at=at, started_at=at,
        finished_at=at + timedelta(minutes=6) if over else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    versions = dict(
        session.execute(
            sa.select(ConfigVersion.device_id, ConfigVersion.id).where(
                ConfigVersion.number == 2, ConfigVersion.device_id.in_([one.id for one in devices])
            )
        ).all()
    )
    for place, device in enumerate(devices):
        wave = 1 if place == 0 else (2 if place <= len(devices) // 10 else 3)
        came = over or wave < 2 or (wave == 2 and place % 2 == 0)
        away = device.state.status == DeviceStatus.OFFLINE
        progress = DeviceProgress.DELIVERING if wave == 2 else DeviceProgress.PENDING
        progress = DeviceProgress.WAITING if away else (DeviceProgress.APPLIED if came else progress)
        session.add(
            DeploymentDevice(
                tenant_id=row.tenant_id, deployment_id=row.id, device_id=device.id, wave=wave, progress=progress,
                config_version_id=versions[device.id], offered_at=at if wave <= row.current_wave else None,
                changed_at=at + timedelta(seconds=4) if progress == DeviceProgress.APPLIED else None,
            )
        )  # fmt: skip
    session.flush()
    return row
