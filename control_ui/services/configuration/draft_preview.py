"""What a device would get from settings that nobody has saved yet. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigTemplate, Device, Group, TemplateVersion
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.configuration import device_configuration, versions
from control_ui.services.configuration.device_configuration import Dry
from control_ui.services.configuration.diff import Side, compare
from control_ui.services.configuration.layer_check import require_layers
from control_ui.services.configuration.rendering import Rendered, Surroundings, render_among
from control_ui.services.configuration.templates import Content
from control_ui.services.devices.groups import members
from control_ui.services.errors import Fault, InvalidError

DRAFT = "this draft"


def of_template(session: ScopedSession, device_id: int, content: Content, *, control_url: str, now: datetime) -> Dry:
    """With the content as the device's template. Raises NotFoundError, InvalidError where it cannot be used at all."""
    content.check()
    found = device_configuration.current(session, device_id, now)
    draft = TemplateVersion(template=ConfigTemplate(name=DRAFT), number=0, body=content.body, overlays=content.overlays)
    surroundings = Surroundings.of(session, [found.device], control_url)
    number = versions.next_number(session, found.device)
    return _dry(found, render_among(surroundings, found.device, draft, number))


def of_group(
    session: ScopedSession, device_id: int, group_id: int, override: dict[str, Any], *, control_url: str, now: datetime
) -> Dry:
    """With the override as that of this group. Raises NotFoundError; InvalidError where it cannot be used at all, or
    the device is not in the group."""
    require_layers({"$.config_override": override})
    found = device_configuration.current(session, device_id, now)
    device = found.device
    group = rows.fetch(session, Group, group_id, "group")
    if session.scalars(sa.select(Device.id).where(Device.id == device.id, members(group))).one_or_none() is None:
        raise InvalidError("nothing to show", [Fault("$.device", f"{device.name} is not in the group {group.name}")])
    known = Surroundings.of(session, [device], control_url)
    surroundings = replace(known, groups={device.id: _with(known.groups[device.id], group, override)})
    template_version = device_configuration.latest_template_version(session, device)
    return _dry(found, render_among(surroundings, device, template_version, versions.next_number(session, device)))


def _with(groups: Sequence[Group], group: Group, override: dict[str, Any]) -> list[Group]:
    """The groups in their order, this one with another override."""
    draft = Group(id=group.id, name=group.name, priority=group.priority, config_override=override)
    others = [one for one in groups if one.id != group.id]
    return sorted([*others, draft], key=lambda one: (one.priority, one.id))


def _dry(found: device_configuration.Current, rendered: Rendered) -> Dry:
    device: Device = found.device
    has = found.in_force or found.wanted
    before = Side.nothing(device) if has is None else Side.of_version(device, has)
    return Dry(device, rendered, compare(before, Side.of_rendering(device, rendered)))
