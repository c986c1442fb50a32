"""The difference between any two of: a version of a template, a version of a device's configuration, and what a
device would get now. Passwords are masked; that one has changed is told."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from control_ui.models import ConfigVersion, Device, TemplateVersion
from control_ui.services.configuration.rendering import Rendered
from control_ui.services.pictures.keys import is_own
from control_ui.services.redaction import redact

NUMBERING = ("version",)
"""What differs between any two versions, and says nothing."""


@dataclass(frozen=True)
class Side:
    """One of the two. `shown` is compared and shown; `secret` is only compared."""

    label: str
    shown: dict[str, Any]
    origins: dict[str, str] = field(default_factory=dict)
    secret: dict[str, Any] = field(default_factory=dict)
    overlays: dict[str, Any] | None = None
    """Of a template."""

    @classmethod
    def of_template(cls, version: TemplateVersion) -> Side:
        label = f"template:{version.template.name}@{version.number}"
        return cls(label, redact(version.body), overlays=redact(version.overlays))

    @classmethod
    def of_version(cls, device: Device, version: ConfigVersion) -> Side:
        return cls(f"{device.name}@{version.number}", version.shown, dict(version.origins), version.document)

    @classmethod
    def of_rendering(cls, device: Device, rendered: Rendered) -> Side:
        return cls(f"{device.name} now", rendered.shown, rendered.origins, rendered.document)

    @classmethod
    def nothing(cls, device: Device) -> Side:
        """A device that has no configuration from here."""
        return cls(f"{device.name}@0", {})


@dataclass(frozen=True)
class Change:
    """One value. None: it is not there, and the schema's default counts. `origin`: the layer of the new value, or,
    where it went away, of the old one. `secret`: what is masked has changed."""

    path: str
    before: Any
    after: Any
    origin: str | None
    secret: bool = False


@dataclass(frozen=True)
class Difference:
    left: str
    right: str
    unified: list[str]
    """Lines of a unified diff."""
    changes: list[Change]


def compare(left: Side, right: Side) -> Difference:
    """From left to right. Overlays are compared where both are templates."""
    return Difference(left.label, right.label, _unified(left, right), changes(left, right))


def changes(left: Side, right: Side) -> list[Change]:
    """The same without the text."""
    return _changes(left, _compared(left, right), right, _compared(right, left))


def texts(left: Side, right: Side) -> tuple[list[str], list[str]]:
    """The lines that `compare` compares."""
    old, new = (
        json.dumps(one, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
        for one in (_compared(left, right), _compared(right, left))
    )
    return old, new


def _compared(side: Side, other: Side) -> dict[str, Any]:
    """What is shown of a side. The control plane's own key is there or not: its hash is another one on each device, and
    500 devices that change in one way would seem to change in 500."""
    content = {name: value for name, value in side.shown.items() if name not in NUMBERING}
    if isinstance(keys := content.get("api_keys"), list):
        content["api_keys"] = [{"name": key["name"]} if is_own(key) else key for key in keys]
    both = side.overlays is not None and other.overlays is not None
    return content | ({"overlays": side.overlays} if both and (side.overlays or other.overlays) else {})


def _unified(left: Side, right: Side) -> list[str]:
    old, new = texts(left, right)
    return list(difflib.unified_diff(old, new, left.label, right.label, lineterm=""))


def _changes(left: Side, before: dict[str, Any], right: Side, after: dict[str, Any]) -> list[Change]:
    old, new = dict(_leaves(before, "$")), dict(_leaves(after, "$"))
    old_secret, new_secret = dict(_leaves(left.secret, "$")), dict(_leaves(right.secret, "$"))
    found = []
    for path in sorted(old.keys() | new.keys()):
        masked = old.get(path) == new.get(path)
        both_known = path in old_secret and path in new_secret
        if not masked or (both_known and old_secret[path] != new_secret[path]):
            origin = right.origins.get(path) if path in new else left.origins.get(path)
            found.append(Change(path, old.get(path), new.get(path), origin, secret=masked))
    return found


def _leaves(value: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Every value by its path; lists are one value, and an object without any is none."""
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _leaves(item, f"{path}.{name}")
        else:
            yield f"{path}.{name}", item
