"""Template, overlay, groups, device: laid over each other as JSON merge patches (RFC 7396).

The later one wins, objects are merged deeply, lists are replaced whole, and null takes a setting away, so that the
schema's default counts again. Lowest lies what the system knows by itself: the camera's address, the controllers'
keys, the control plane's address.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, Group, GroupMember, TemplateVersion
from control_ui.models.devices import GroupKind
from control_ui.models.scope import ScopedSession
from control_ui.services.devices.groups import members as condition_of

SYSTEM = "system"
DEFAULT = "default"
DEVICE = "device"


@dataclass(frozen=True)
class Layer:
    """`name` is what origins call it: `template:standard@3`, `overlay:staging`, `group:west`, `device`, `system`."""

    name: str
    settings: dict[str, Any]


def layers_of(
    device: Device, template_version: TemplateVersion | None, groups: Iterable[Group], override: dict[str, Any]
) -> list[Layer]:
    """All layers of a device, the lowest first. `groups` come as `groups_by_device` orders them."""
    layers = [Layer(SYSTEM, _known(device))]
    if template_version is not None:
        name = f"template:{template_version.template.name}@{template_version.number}"
        environment = str(device.environment)
        layers.append(Layer(name, template_version.body))
        layers.append(Layer(f"overlay:{environment}", template_version.overlays.get(environment, {})))
    layers += [Layer(f"group:{group.name}", group.config_override) for group in groups]
    return [*layers, Layer(DEVICE, override)]


def merge(layers: Iterable[Layer]) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings of all layers together, and by path the name of the layer each comes from."""
    settings: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        _patch(settings, layer.settings, "$", layer.name, origins)
    return settings, origins


def groups_by_device(session: ScopedSession, devices: Sequence[Device]) -> dict[int, list[Group]]:
    """By device id, its groups that override something, by ascending priority, then id. A query for all groups, one
    for all members, and one for each group that is a label query."""
    found: dict[int, list[Group]] = {device.id: [] for device in devices}
    tenants = {device.tenant_id for device in devices}
    every = sa.select(Group).where(Group.tenant_id.in_(tenants)).order_by(Group.priority, Group.id)
    groups = [group for group in session.scalars(every) if group.config_override]
    members = _members(session, groups)
    for group in groups:
        for device in devices:
            if device.tenant_id == group.tenant_id and device.id in members[group.id]:
                found[device.id].append(group)
    return found


def _members(session: ScopedSession, groups: Sequence[Group]) -> dict[int, set[int]]:
    """By group id, the ids of its devices."""
    members: dict[int, set[int]] = {group.id: set() for group in groups}
    static = [group.id for group in groups if group.kind == GroupKind.STATIC]
    if static:
        pairs = sa.select(GroupMember.group_id, GroupMember.device_id).where(GroupMember.group_id.in_(static))
        for group_id, device_id in session.execute(pairs):
            members[group_id].add(device_id)
    for group in groups:
        if group.kind == GroupKind.QUERY:
            members[group.id] = set(session.scalars(sa.select(Device.id).where(condition_of(group))))
    return members


def _known(device: Device) -> dict[str, Any]:
    """What the system sets where no layer does."""
    known: dict[str, Any] = {"control_url": "{{ control.url }}"}
    if device.camera_host:
        known["rtsp_url"] = "{{ camera.url }}"
    if device.api_keys:
        known["api_keys"] = "{{ device.api_keys }}"
    return known


def _patch(target: dict[str, Any], patch: dict[str, Any], path: str, name: str, origins: dict[str, str]) -> None:
    for key, value in patch.items():
        here = f"{path}.{key}"
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _patch(target[key], value, here, name, origins)
            continue
        for old in [known for known in origins if known == here or known.startswith(f"{here}.")]:
            del origins[old]
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            target[key] = {}
            _patch(target[key], value, here, name, origins)
        else:
            target[key] = copy.deepcopy(value)
            origins[here] = name
