"""The devices as an inventory: the variables and groups that inventory files set, with the configuration each is to
run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defaultload, load_only

from control_ui.models import ConfigVersion, Device, DeviceState, HostResult, RunSlice, Tenant
from control_ui.models.runs import SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import wanted
from control_ui.services.devices.enrolment import sha256
from control_ui.services.devices.loading import LEAN
from control_ui.services.pages import Page, paginate

_NOT_IN_A_GROUP_NAME = re.compile(r"[^A-Za-z0-9_]")
_WANTED = (ConfigVersion.device_id, ConfigVersion.number, ConfigVersion.document)


@dataclass(frozen=True)
class InventoryHost:
    """One device as Ansible sees it."""

    name: str
    variables: dict[str, Any]
    groups: list[str]
    ssh_host_keys: list[str]


def hosts(
    session: ScopedSession, *, slice_id: int | None, secrets: bool, limit: int, cursor: str | None, now: datetime
) -> Page[InventoryHost]:
    """A page of this scope's devices by name, or of one slice's of a run, with what is wanted of each.

    A handful of statements, however many devices. Without `secrets` there are no camera passwords, and no
    configurations, which hold them. Raises InvalidError for a bad cursor.
    """
    whole = defaultload(Device.state).defaultload(DeviceState.desired_config).load_only(*_WANTED)
    query = sa.select(Device).options(*([whole] if secrets else LEAN))
    if slice_id is not None:
        query = query.where(Device.id.in_(sa.select(HostResult.device_id).where(HostResult.slice_id == slice_id)))
    page = paginate(session, query, by=(Device.name, Device.id), limit=limit, cursor=cursor)
    versions = _versions(session, page.items, now) if secrets else {}
    slugs = _slugs(session, page.items)
    found = [
        InventoryHost(
            device.name,
            _variables(device, secrets) | _configuration(versions.get(device.id)),
            _groups(device, slugs[device.tenant_id]),
            device.ssh_host_keys,
        )
        for device in page.items
    ]
    return Page(found, page.next)


def reader(session: ScopedSession, token: str) -> RunSlice | None:
    """The slice of a run that reads its inventory by this token, while it runs."""
    if not token:
        return None
    query = sa.select(RunSlice).where(
        RunSlice.inventory_token_sha256 == sha256(token), RunSlice.state == SliceState.RUNNING
    )
    return session.scalars(query).one_or_none()


def group_name(kind: str, word: str) -> str:
    """`tenant_blue_wave`: Ansible takes only letters, digits and underscores."""
    return f"{kind}_{_NOT_IN_A_GROUP_NAME.sub('_', word)}"


def _versions(session: ScopedSession, devices: Sequence[Device], now: datetime) -> dict[int, ConfigVersion]:
    """By device id: what is wanted of it, else what it runs, if that came from here. A playbook without any would make
    a configuration out of the variables, under a number of its own. What a run was once to give is not asked for: it
    is what is wanted, or it is stale."""
    found = {device.id: version for device in devices if (version := wanted(device.state, now)) is not None}
    others = [device.id for device in devices if device.id not in found]
    is_in_force = sa.and_(
        ConfigVersion.device_id == DeviceState.device_id, ConfigVersion.number == DeviceState.config_version
    )
    query = sa.select(ConfigVersion).join(DeviceState, is_in_force).where(DeviceState.device_id.in_(others))
    in_force = session.scalars(query.options(load_only(*_WANTED)))
    return found | {version.device_id: version for version in in_force}


def _slugs(session: ScopedSession, devices: Sequence[Device]) -> dict[int, str]:
    ids = {device.tenant_id for device in devices}
    return dict(session.execute(sa.select(Tenant.id, Tenant.slug).where(Tenant.id.in_(ids))).all())


def _variables(device: Device, secrets: bool) -> dict[str, Any]:
    """What is not known is left out, as it would be in a file."""
    site = device.site
    variables = {
        "ansible_host": device.address or None,
        "ansible_user": device.ssh_user,
        "ansible_port": device.ssh_port,
        "site_name": site.name,
        "site_city": site.city,
        "site_state": site.state,
        "site_latitude": site.latitude,
        "site_longitude": site.longitude,
        "camera_host": device.camera_host or None,
        "camera_port": device.camera_port,
        "camera_path": device.camera_path,
        "camera_user": device.camera_user,
        "camera_password": device.camera_password if secrets else None,
        "pi_service_api_keys": device.api_keys,
    }
    return {name: value for name, value in variables.items() if value is not None}


def _configuration(version: ConfigVersion | None) -> dict[str, Any]:
    if version is None:
        return {}
    settings = {name: value for name, value in version.document.items() if name != "version"}
    return {"pi_service_config": settings, "pi_service_config_version": version.number}


def _groups(device: Device, tenant: str) -> list[str]:
    words = {
        "tenant": tenant,
        "region": device.site.region,
        "ring": device.ring,
        "hardware": device.hardware,
        "env": device.environment.value,
    }
    return ["pis", *(group_name(kind, word) for kind, word in words.items() if word)]
