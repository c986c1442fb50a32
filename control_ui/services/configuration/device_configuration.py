"""One device: its template and override, what it would get from them, what it has, and what it had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer

from control_ui.models import ConfigVersion, Device, TemplateVersion, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.configuration import desire, templates, versions
from control_ui.services.configuration.diff import Difference, Side, compare
from control_ui.services.configuration.layer_check import require_layers
from control_ui.services.configuration.rendering import Rendered, render
from control_ui.services.errors import ConflictError, Fault, InvalidError, NotFoundError
from control_ui.services.pages import Page, paginate


@dataclass(frozen=True)
class Current:
    """What a device is wanted to have, and what it says it has."""

    device: Device
    wanted: ConfigVersion | None
    in_force: ConfigVersion | None
    """None where the Pi has none from here, whatever number it reports."""

    @property
    def version(self) -> ConfigVersion | None:
        return self.wanted or self.in_force


@dataclass(frozen=True)
class Dry:
    """What a device would get, and how that differs from what it has. `version`: what was made of it, if it was."""

    device: Device
    rendered: Rendered
    difference: Difference
    version: ConfigVersion | None = None


def fetch(session: ScopedSession, device_id: int) -> Device:
    """Raises NotFoundError."""
    return rows.fetch(session, Device, device_id, "device")


def current(session: ScopedSession, device_id: int, now: datetime) -> Current:
    """Raises NotFoundError."""
    device = fetch(session, device_id)
    reported = device.state.config_version
    in_force = None if reported is None else _find(session, device, reported)
    return Current(device, desire.wanted(device.state, now), in_force)


def dry_now(
    session: ScopedSession,
    device_id: int,
    *,
    template_id: int | None,
    number: int | None,
    override: dict[str, Any] | None,
    control_url: str,
    now: datetime,
) -> Dry:
    """What the device would get from a version of a template (its own, the latest) under an override (its own).
    Nothing is stored. Raises NotFoundError, InvalidError where template or override cannot be used at all."""
    found = current(session, device_id, now)
    if override is not None:
        require_layers({"$.config_override": override})
    template_version = _template_version(session, found.device, template_id, number)
    return _dry(session, found, template_version, override, control_url)


def configure(
    session: ScopedSession,
    actor: Actor,
    device_id: int,
    row_version: int,
    values: Mapping[str, Any],
    *,
    deploy: bool,
    control_url: str,
    reason: str,
    now: datetime,
) -> Dry:
    """Set what `values` names (template_id, config_override), and say what the device would get now. With `deploy` it
    is made and wanted, so that the Pi fetches it.

    Raises NotFoundError, LostUpdateError, InvalidError; ConflictError where this one device may not be changed so."""
    found = current(session, device_id, now)
    device = found.device
    rows.check_row_version(device, row_version, "device")
    if "config_override" in values:
        require_layers({"$.config_override": values["config_override"]})
    if values.get("template_id") is not None:
        templates.usable(session, values["template_id"], device.tenant_id)
    before = _settings(device)
    for name, value in values.items():
        setattr(device, name, value)
    session.flush()
    template_version = latest_template_version(session, device)
    version = None
    if deploy:
        _refuse_deployment(session, device)
        version = versions.make(
            session, device, template_version, control_url=control_url, actor=actor, reason=reason, now=now
        )
        desire.want(session, device, version, expires_at=None, now=now)
    _record(session, actor, device, before, version, reason, now)
    dry = _dry(session, found, template_version, None, control_url)
    session.commit()
    return Dry(device, dry.rendered, dry.difference, version)


def history(session: ScopedSession, device: Device, *, limit: int, cursor: str | None) -> Page[ConfigVersion]:
    """A page of a device's configurations, the newest first, without their documents."""
    query = sa.select(ConfigVersion).where(ConfigVersion.device_id == device.id).options(defer(ConfigVersion.document))
    return paginate(session, query, by=(ConfigVersion.number,), limit=limit, cursor=cursor, descending=True)


def version_of(session: ScopedSession, device: Device, number: int) -> ConfigVersion:
    """Raises NotFoundError."""
    version = _find(session, device, number)
    if version is None:
        raise NotFoundError(f"the device {device.name} has no configuration {number} from here")
    return version


def change_made_by(session: ScopedSession, device: Device, version: ConfigVersion) -> Difference:
    """How a configuration differs from the one before it."""
    return compare(*before_and_after(session, device, version))


def before_and_after(session: ScopedSession, device: Device, version: ConfigVersion) -> tuple[Side, Side]:
    """The configuration before this one, and this one."""
    parent = None if version.parent_id is None else session.get(ConfigVersion, version.parent_id)
    before = Side.nothing(device) if parent is None else Side.of_version(device, parent)
    return before, Side.of_version(device, version)


def latest_template_version(session: ScopedSession, device: Device) -> TemplateVersion | None:
    """Of the device's own template; None where it has none."""
    if device.template_id is None:
        return None
    return templates.version_of(session, templates.fetch(session, device.template_id))


def _find(session: ScopedSession, device: Device, number: int) -> ConfigVersion | None:
    query = sa.select(ConfigVersion).where(ConfigVersion.device_id == device.id, ConfigVersion.number == number)
    return session.scalars(query).one_or_none()


def _template_version(
    session: ScopedSession, device: Device, template_id: int | None, number: int | None
) -> TemplateVersion | None:
    if template_id is not None:
        return templates.version_of(session, templates.usable(session, template_id, device.tenant_id), number)
    return latest_template_version(session, device) if number is None else _own_version(session, device, number)


def _own_version(session: ScopedSession, device: Device, number: int) -> TemplateVersion:
    if device.template_id is None:
        raise InvalidError(
            "there is no such version", [Fault("$.number", f"{device.name} has no template: name one by template_id")]
        )
    return templates.version_of(session, templates.fetch(session, device.template_id), number)


def _dry(
    session: ScopedSession,
    found: Current,
    template_version: TemplateVersion | None,
    override: dict[str, Any] | None,
    control_url: str,
) -> Dry:
    device = found.device
    number = versions.next_number(session, device)
    rendered = render(session, device, template_version, number, control_url=control_url, override=override)
    has = found.in_force or found.wanted
    before = Side.nothing(device) if has is None else Side.of_version(device, has)
    return Dry(device, rendered, compare(before, Side.of_rendering(device, rendered)))


def _refuse_deployment(session: ScopedSession, device: Device) -> None:
    if device.held_reason:
        raise ConflictError(f"{device.name} is held ({device.held_reason}): release it first")
    tenant = session.get_one(Tenant, device.tenant_id)
    if tenant.requires_approval:
        raise ConflictError(
            f"{tenant.name} wants four eyes on every change: make a deployment for this device, and have it approved"
        )


def _settings(device: Device) -> dict[str, Any]:
    return {"template_id": device.template_id, "config_override": device.config_override}


def _record(
    session: ScopedSession,
    actor: Actor,
    device: Device,
    before: dict[str, Any],
    version: ConfigVersion | None,
    reason: str,
    now: datetime,
) -> None:
    after = _settings(device)
    if after == before and version is None:
        return
    record(
        session,
        actor,
        "device.configure",
        Subject("device", device.id, device.name),
        tenant_id=device.tenant_id,
        reason=reason,
        before=before,
        after=after | ({} if version is None else {"config_version": version.number}),
        at=now,
    )
