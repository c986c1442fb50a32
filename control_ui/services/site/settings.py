"""The configuration of a site, value by value, with the layer that each comes from; and how it came to be so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Device, TemplateVersion, User
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration import device_configuration, schema
from control_ui.services.configuration.device_configuration import Current
from control_ui.services.configuration.diff import Difference, Side, compare
from control_ui.services.configuration.layers import DEFAULT
from control_ui.services.configuration.side_by_side import Line, lines
from control_ui.services.errors import NotFoundError
from control_ui.services.pages import Page

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Setting:
    """One value; `origin` is the name of a layer, such as `template:standard@3`, `group:west`, `device`, `default`."""

    name: str
    value: Any
    origin: str
    help: str

    @property
    def is_default(self) -> bool:
        return self.origin == DEFAULT


@dataclass(frozen=True)
class Told:
    """A difference: value by value, and as the lines of both texts beside each other."""

    difference: Difference
    beside: list[Line]

    @classmethod
    def between(cls, left: Side, right: Side) -> Told:
        return cls(compare(left, right), lines(left, right))


@dataclass(frozen=True)
class Versions:
    """Whose configuration it is, what is wanted and in force, and how the two differ (None: they do not)."""

    current: Current
    settings: list[Setting]
    pending: Told | None


@dataclass(frozen=True)
class Entry:
    """A version in the history."""

    version: ConfigVersion
    template: TemplateVersion | None
    author: str
    """Empty for the system itself."""


def of_device(session: ScopedSession, device_id: int, now: datetime) -> Versions:
    """Raises NotFoundError."""
    found = device_configuration.current(session, device_id, now)
    shown = found.in_force or found.wanted
    pending = None
    if found.wanted is not None and found.wanted is not found.in_force:
        before = Side.nothing(found.device) if found.in_force is None else _side(found.device, found.in_force)
        pending = Told.between(before, _side(found.device, found.wanted))
    return Versions(found, [] if shown is None else settings_of(shown), pending)


def settings_of(version: ConfigVersion) -> list[Setting]:
    """Of a whole configuration, defaults included, by name."""
    defaults = schema.defaults(version.shown)
    properties = schema.schema()["properties"]
    found = []
    for path, value in _leaves(schema.with_defaults(version.shown), "$"):
        origin = version.origins.get(path) or (DEFAULT if path in defaults else UNKNOWN)
        name = path.removeprefix("$.")
        found.append(Setting(name, value, origin, _help(properties, name)))
    return sorted(found, key=lambda setting: setting.name)


def history(session: ScopedSession, device: Device, *, limit: int, cursor: str | None) -> Page[Entry]:
    """A page of its versions, the newest first. Raises InvalidError for a bad cursor."""
    page = device_configuration.history(session, device, limit=limit, cursor=cursor)
    return Page(_entries(session, page.items), page.next)


def change(session: ScopedSession, device_id: int, number: int) -> tuple[Device, Entry, Told]:
    """A version, and how it differs from the one before it. Raises NotFoundError."""
    device = device_configuration.fetch(session, device_id)
    if number > schema.schema()["properties"]["version"].get("maximum", 2**31 - 1):
        raise NotFoundError(f"the device {device.name} has no configuration {number} from here")
    version = device_configuration.version_of(session, device, number)
    (entry,) = _entries(session, [version])
    return device, entry, Told.between(*device_configuration.before_and_after(session, device, version))


def _side(device: Device, version: ConfigVersion) -> Side:
    return Side.of_version(device, version)


def _entries(session: ScopedSession, versions: Sequence[ConfigVersion]) -> list[Entry]:
    template_ids = {version.template_version_id for version in versions} - {None}
    templates = {
        one.id: one for one in session.scalars(sa.select(TemplateVersion).where(TemplateVersion.id.in_(template_ids)))
    }
    author_ids = {version.created_by_id for version in versions} - {None}
    authors = dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(author_ids))).all())
    return [
        Entry(
            version,
            templates.get(version.template_version_id or 0),
            str(authors.get(version.created_by_id or 0, "")),
        )
        for version in versions
    ]


def _leaves(value: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _leaves(item, f"{path}.{name}")
        else:
            yield f"{path}.{name}", item


def _help(properties: dict[str, Any], name: str) -> str:
    """What the schema says of a setting, or of the one it is a part of."""
    spec: dict[str, Any] = {"properties": properties}
    for part in name.split("."):
        spec = spec.get("properties", {}).get(part, {})
    return str(spec.get("description", ""))
