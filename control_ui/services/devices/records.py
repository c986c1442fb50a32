"""What people say of a device: making, changing and removing its record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import (
    Alert,
    ConfigVersion,
    Degradation,
    DeploymentDevice,
    Device,
    DeviceAction,
    DeviceLog,
    DeviceSample,
    DeviceState,
    DeviceStatusChange,
    EnrolmentToken,
    GroupMember,
    HealingAction,
    HealingCase,
    HostResult,
    Site,
)
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.devices import facts
from control_ui.services.errors import ConflictError, Fault, InvalidError, NotFoundError

FIELDS = (
    "environment",
    "ring",
    "hardware",
    "labels",
    "address",
    "ssh_port",
    "ssh_user",
    "camera_host",
    "camera_port",
    "camera_path",
    "camera_user",
    "camera_password",
    "api_keys",
    "held_reason",
)
"""What `create` and `change` take, beside `name` (which stays for ever) and `site_id`."""
_HISTORY = (HostResult, ConfigVersion, DeploymentDevice, Alert)
_BELONGINGS = (
    HealingAction,
    HealingCase,
    Degradation,
    EnrolmentToken,
    GroupMember,
    DeviceAction,
    DeviceStatusChange,
    DeviceLog,
    DeviceSample,
    DeviceState,
)


def create(session: ScopedSession, actor: Actor, values: dict[str, Any], *, reason: str, now: datetime) -> Device:
    """A device that has not registered yet. Raises InvalidError, ConflictError for a name that is taken."""
    tenant = rows.current_tenant(session)
    _check(values)
    site = _site(session, values["site_id"])
    if session.scalars(sa.select(Device.id).where(Device.name == values["name"])).first() is not None:
        raise ConflictError(f"there is a device {values['name']} already")
    device = new(tenant.id, site, values["name"], now)
    changes = facts.put(device, {name: value for name, value in values.items() if name in FIELDS})
    session.add(device)
    session.flush()
    after = {"site": site.name, **facts.before_and_after(changes)[1]}
    _record(session, actor, "device.create", device, reason, now, after=after)
    session.commit()
    return device


def new(tenant_id: int, site: Site, name: str, now: datetime) -> Device:
    """A device with its state, not added to any session yet."""
    device = Device(tenant_id=tenant_id, site=site, name=name, created_at=now)
    device.state = DeviceState(
        tenant_id=tenant_id,
        status=DeviceStatus.NEVER_SEEN,
        status_reasons=["it has never checked in"],
        status_since=now,
    )
    return device


def change(
    session: ScopedSession, actor: Actor, device: Device, values: dict[str, Any], *, reason: str, now: datetime
) -> Device:
    """Change what `values` names; what is not named stays. Raises InvalidError."""
    _check(values)
    changes = facts.put(device, {name: value for name, value in values.items() if name in FIELDS})
    if "site_id" in values and values["site_id"] != device.site_id:
        before, device.site = device.site, _site(session, values["site_id"], device.tenant_id)
        changes["site"] = (before.name, device.site.name)
    if changes:
        before_all, after_all = facts.before_and_after(changes)
        _record(session, actor, "device.update", device, reason, now, before=before_all, after=after_all)
    session.commit()
    return device


def remove(session: ScopedSession, actor: Actor, device: Device, *, reason: str, now: datetime) -> None:
    """Delete a device without a past. Raises ConflictError for one that has one."""
    for model in _HISTORY:
        if session.scalars(sa.select(sa.literal(1)).where(model.device_id == device.id).limit(1)).first() is not None:
            raise ConflictError(
                f"{device.name} took part in runs, was configured, or had alerts: its history stays."
                f" Revoke its token instead (POST /api/devices/{device.id}/token/revoke) and set its held_reason"
            )
    _record(session, actor, "device.delete", device, reason, now, before={"site": device.site.name})
    gone = [sa.delete(belonging).where(belonging.device_id == device.id) for belonging in _BELONGINGS]
    for statement in (*gone, sa.delete(Device).where(Device.id == device.id)):
        session.execute(statement, execution_options={"synchronize_session": False})
    session.commit()


def subject(device: Device) -> Subject:
    """A device as the audit trail names it."""
    return Subject("device", device.id, device.name)


def _check(values: dict[str, Any]) -> None:
    if found := facts.faults(values):
        raise InvalidError("the device is not valid", found)


def _site(session: ScopedSession, site_id: int, tenant_id: int | None = None) -> Site:
    """`tenant_id` is the device's: a platform administrator's session sees the sites of others, too."""
    try:
        site = rows.fetch(session, Site, site_id, "site")
    except NotFoundError as error:
        raise InvalidError("the site does not exist", [Fault("$.site_id", error.detail)]) from error
    if tenant_id is not None and site.tenant_id != tenant_id:
        raise InvalidError("the site does not exist", [Fault("$.site_id", f"there is no site {site_id}")])
    return site


def _record(
    session: ScopedSession,
    actor: Actor,
    action: str,
    device: Device,
    reason: str,
    now: datetime,
    *,
    before: Any = None,
    after: Any = None,
) -> None:
    record(
        session,
        actor,
        action,
        subject(device),
        tenant_id=device.tenant_id,
        reason=reason,
        before=before,
        after=after,
        at=now,
    )
