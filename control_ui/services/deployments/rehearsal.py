"""What a deployment would do, before anybody asks for it: every device is rendered and compared. Nothing is stored."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer

from control_ui.models import ConfigVersion, Device, TemplateVersion
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.diff import Change, Side, changes
from control_ui.services.configuration.rendering import Rendered, Surroundings, render_among
from control_ui.services.deployments.in_force import in_force
from control_ui.services.errors import Fault

MOST_VALUES = 3
"""A setting that changes in more ways than that is different from site to site."""


@dataclass(frozen=True)
class Foreseen:
    """One device: what would change there, or why it cannot have this."""

    device: Device
    changes: list[Change]
    faults: list[Fault]
    first: bool
    """It runs nothing from here yet."""

    @property
    def unchanged(self) -> bool:
        return not self.changes and not self.faults


@dataclass(frozen=True)
class SettingChange:
    """One change of one setting, on how many devices. `varies`: from site to site, so that no values are told."""

    path: str
    before: Any
    after: Any
    count: int
    varies: bool = False


@dataclass(frozen=True)
class Rehearsal:
    """Of one version, on all devices of the target."""

    version: TemplateVersion
    devices: list[Foreseen]

    @property
    def invalid(self) -> list[Foreseen]:
        return [one for one in self.devices if one.faults]

    @property
    def changing(self) -> list[Foreseen]:
        return [one for one in self.devices if one.changes and not one.faults]

    @property
    def unchanged(self) -> list[Foreseen]:
        return [one for one in self.devices if one.unchanged]

    @property
    def settings(self) -> list[SettingChange]:
        """By path, what changes on the devices that can have it; what concerns most first."""
        ways: dict[str, dict[str, list[Change]]] = defaultdict(lambda: defaultdict(list))
        for one in self.changing:
            for change in one.changes:
                ways[change.path][json.dumps([change.before, change.after], sort_keys=True)].append(change)
        found = [row for path, ways_of in ways.items() for row in _rows(path, list(ways_of.values()))]
        return sorted(found, key=lambda row: (-row.count, row.path))


def rehearse(
    session: ScopedSession, devices: Sequence[Device], version: TemplateVersion, *, control_url: str
) -> Rehearsal:
    """A handful of statements, however many devices."""
    surroundings = Surroundings.of(session, devices, control_url)
    running = _running(session, devices)
    found = []
    for device in devices:
        before = running.get(device.id)
        rendered = render_among(surroundings, device, version, 1 if before is None else before.number)
        found.append(Foreseen(device, _changes(device, before, rendered), rendered.faults, before is None))
    return Rehearsal(version, found)


def _rows(path: str, ways: list[list[Change]]) -> list[SettingChange]:
    if len(ways) > MOST_VALUES:
        return [SettingChange(path, None, None, sum(map(len, ways)), varies=True)]
    return [SettingChange(path, way[0].before, way[0].after, len(way)) for way in ways]


def _changes(device: Device, before: ConfigVersion | None, rendered: Rendered) -> list[Change]:
    """The documents themselves are not read: they are encrypted, and the hash tells whether a password is new."""
    if before is not None and before.content_sha256 == rendered.content_sha256:
        return []
    old = Side.nothing(device) if before is None else Side(f"{device.name}@{before.number}", before.shown)
    found = changes(old, Side(f"{device.name} now", rendered.shown, rendered.origins))
    if not found and before is not None:
        return [Change("$.rtsp_url", None, None, None, secret=True)]
    return [change for change in found if before is not None or change.path != "$.device_id"]


def _running(session: ScopedSession, devices: Sequence[Device]) -> dict[int, ConfigVersion]:
    ids = in_force(session, [device.id for device in devices])
    query = sa.select(ConfigVersion).where(ConfigVersion.id.in_(ids.values())).options(defer(ConfigVersion.document))
    return {version.device_id: version for version in session.scalars(query)}
