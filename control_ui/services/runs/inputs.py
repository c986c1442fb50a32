"""What a host's diff depends on beside the playbook and its variables, as one hash that can be compared later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Device, HostResult
from control_ui.models.scope import ScopedSession


def fingerprints(session: ScopedSession, results: Sequence[HostResult]) -> dict[int, str]:
    """By device: SHA-256 of what the inventory would tell of it now: the device as people described it, its site, and
    the configuration it is to be given."""
    devices = session.scalars(
        sa.select(Device)
        .where(Device.id.in_([result.device_id for result in results]))
        .execution_options(populate_existing=True)
    ).unique()
    wanted = {result.device_id: result.config_version_id for result in results}
    versions = {device.id: wanted[device.id] or device.state.desired_config_id for device in devices.all()}
    contents = dict(
        session.execute(
            sa.select(ConfigVersion.id, ConfigVersion.content_sha256).where(ConfigVersion.id.in_(versions.values()))
        ).all()
    )
    found: dict[int, str] = {}
    for device_id, version_id in versions.items():
        device = session.get_one(Device, device_id)
        content = contents.get(version_id) if version_id is not None else None
        found[device_id] = _hash([*_described(device), version_id, content])
    return found


def _described(device: Device) -> list[Any]:
    site = device.site
    place = [site.name, site.city, site.state, site.region, site.latitude, site.longitude]
    return [device.name, device.row_version, *place]


def _hash(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values, separators=(",", ":")).encode()).hexdigest()
