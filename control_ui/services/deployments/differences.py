"""What a deployment changes on each device, and the hash that an approval of it is bound to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Deployment, DeploymentDevice, Device
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.diff import Change, Side, compare
from control_ui.services.devices.loading import LEAN
from control_ui.services.pages import Page, paginate


@dataclass(frozen=True)
class DeviceDifference:
    """From what is in force to what the device is to have. `to_number` is None where the Pi itself goes back."""

    device_id: int
    device: str
    from_number: int | None
    to_number: int | None
    changes: list[Change]


def page(session: ScopedSession, deployment: Deployment, *, limit: int, cursor: str | None) -> Page[DeviceDifference]:
    """A page of the differences, in the order in which the devices were taken up."""
    query = sa.select(DeploymentDevice).where(DeploymentDevice.deployment_id == deployment.id)
    rows = paginate(session, query, by=[DeploymentDevice.id], limit=limit, cursor=cursor)
    return Page(differences(session, rows.items), rows.next)


def differences(session: ScopedSession, rows: Sequence[DeploymentDevice]) -> list[DeviceDifference]:
    """Of these devices of a deployment, against what was in force when it was asked for; a few statements for all."""
    ids = {row.config_version_id for row in rows} | {row.previous_config_version_id for row in rows}
    versions = whole_versions(session, ids)
    devices = devices_by_id(session, {row.device_id for row in rows})
    return [
        difference(
            devices[row.device_id], versions.get(row.previous_config_version_id), versions.get(row.config_version_id)
        )
        for row in rows
    ]


def difference(device: Device, before: ConfigVersion | None, after: ConfigVersion | None) -> DeviceDifference:
    """None before: nothing from here is in force. None after: the Pi goes back to something that is not known here."""
    left = Side.nothing(device) if before is None else Side.of_version(device, before)
    changes = [] if after is None else compare(left, Side.of_version(device, after)).changes
    return DeviceDifference(
        device.id,
        device.name,
        None if before is None else before.number,
        None if after is None else after.number,
        changes,
    )


def sha256(found: Sequence[DeviceDifference]) -> str:
    """SHA-256 of `[[device, changes], ...]` by name of device, as compact JSON with sorted keys."""
    plain = sorted([one.device, [asdict(change) for change in one.changes]] for one in found)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def whole_versions(session: ScopedSession, ids: Collection[int | None]) -> dict[int | None, ConfigVersion]:
    """Configurations by id, with their documents."""
    query = sa.select(ConfigVersion).where(ConfigVersion.id.in_(set(ids) - {None}))
    return {version.id: version for version in session.scalars(query.execution_options(populate_existing=True))}


def devices_by_id(session: ScopedSession, ids: Collection[int]) -> dict[int, Device]:
    query = sa.select(Device).where(Device.id.in_(ids)).options(*LEAN)
    return {device.id: device for device in session.scalars(query).unique()}
