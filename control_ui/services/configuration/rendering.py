"""What a device would get, and from which layer each value comes. Nothing is stored here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, Group, TemplateVersion, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration import expressions, schema
from control_ui.services.configuration.facts import Facts, facts_of
from control_ui.services.configuration.language import ExpressionError
from control_ui.services.configuration.layer_check import CREDENTIALS
from control_ui.services.configuration.layers import DEFAULT, SYSTEM, groups_by_device, layers_of, merge
from control_ui.services.errors import Fault
from control_ui.services.pictures.keys import NAME, is_own, with_own_key
from control_ui.services.redaction import holds_credentials, redact_text


@dataclass(frozen=True)
class Rendered:
    """A configuration of one device. With `faults` no Pi would take it."""

    document: dict[str, Any]
    """With the camera's password: for the Pi, and for nobody else."""
    shown: dict[str, Any]
    """The same as it may be shown."""
    origins: dict[str, str]
    """By path, the layer a value comes from; `default` for what is left to the schema."""
    content_sha256: str
    faults: list[Fault]


@dataclass(frozen=True)
class Surroundings:
    """What rendering needs beside device and template, read once for many devices."""

    groups: Mapping[int, Sequence[Group]]
    tenants: Mapping[int, Tenant]
    control_url: str

    @classmethod
    def of(cls, session: ScopedSession, devices: Sequence[Device], control_url: str) -> Surroundings:
        tenants = sa.select(Tenant).where(Tenant.id.in_({device.tenant_id for device in devices}))
        return cls(
            groups_by_device(session, devices), {tenant.id: tenant for tenant in session.scalars(tenants)}, control_url
        )


def render(
    session: ScopedSession,
    device: Device,
    template_version: TemplateVersion | None,
    number: int,
    *,
    control_url: str,
    override: dict[str, Any] | None = None,
) -> Rendered:
    """The configuration `number` of a device from this version of a template (None: from the other layers alone).

    `override` stands in for the device's own. `control_url` is Settings.public_url."""
    surroundings = Surroundings.of(session, [device], control_url)
    return render_among(surroundings, device, template_version, number, override=override)


def render_among(
    surroundings: Surroundings,
    device: Device,
    template_version: TemplateVersion | None,
    number: int,
    *,
    override: dict[str, Any] | None = None,
) -> Rendered:
    """As `render`, for one of many devices, without a query."""
    override = device.config_override if override is None else override
    settings, origins = merge(layers_of(device, template_version, surroundings.groups[device.id], override))
    tenant = surroundings.tenants[device.tenant_id]
    masked = facts_of(device, tenant, surroundings.control_url, masked=True)
    work = _Work(masked, origins, [])
    shown = {"version": number, "device_id": device.name, **work.evaluated(settings, "$")}
    _add_own_key(shown, device, work.faults)
    document = dict(shown)
    if "rtsp_url" in shown:  # the only setting that camera.url may stand in
        true = facts_of(device, tenant, surroundings.control_url, masked=False)
        document["rtsp_url"] = work.text(settings["rtsp_url"], true)
    shown = _shown(shown, "$", _presentable(device, masked), work.faults)
    told = {fault.path for fault in work.faults}
    faults = [*work.faults, *(fault for fault in schema.check(document) if fault.path not in told)]
    return Rendered(
        document,
        shown,
        _all_origins(shown, {"$.api_keys": SYSTEM} | origins),
        content_sha256(shown, device.camera_password_revision),
        faults,
    )


def content_sha256(shown: dict[str, Any], camera_password_revision: int) -> str:
    """Equal content, equal hash, whatever the version; and nobody can guess a password by it."""
    content = {name: value for name, value in shown.items() if name != "version"}
    whole = {"shown": content, "camera_password_revision": camera_password_revision}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class _Work:
    """Works out every expression of one device's settings, and notes what cannot be."""

    facts: Mapping[str, Facts]
    origins: Mapping[str, str]
    faults: list[Fault]

    def evaluated(self, settings: dict[str, Any], path: str) -> dict[str, Any]:
        """Without what is none, and without what cannot be worked out."""
        values = {name: self._value(value, f"{path}.{name}") for name, value in settings.items()}
        return {name: value for name, value in values.items() if value is not None}

    def _value(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return self.evaluated(value, path)
        try:
            return self._leaf(value)
        except ExpressionError as error:
            self.faults.append(Fault(path, f"{error} (from {self.origins[path]})"))
            return None

    def _leaf(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value, self.facts)
        if isinstance(value, list):
            return [self._leaf(item) for item in value]
        if isinstance(value, dict):
            return {name: self._leaf(item) for name, item in value.items()}
        return value

    @staticmethod
    def text(text: str, facts: Mapping[str, Facts]) -> Any:
        return expressions.evaluate(expressions.parse(text), facts)


def _add_own_key(shown: dict[str, Any], device: Device, faults: list[Fault]) -> None:
    """Let the control plane fetch pictures, whoever else may. What is no list is left to the schema."""
    keys = shown.get("api_keys", [])
    if not isinstance(keys, list):
        return
    taken = [index for index, key in enumerate(keys) if is_own(key)]
    words = f"is {NAME}, which is the control plane's own: give this key another name"
    faults += [Fault(f"$.api_keys[{index}].name", words) for index in taken]
    if not taken:
        shown["api_keys"] = with_own_key(keys, device.id, schema.most_api_keys())


def _presentable(device: Device, masked: Mapping[str, Facts]) -> str:
    """The camera's address as it may be shown anywhere; empty where its path is not fit for that."""
    url: str = masked["camera"].get("url", "")
    return "" if holds_credentials(device.camera_path) else url


def _shown(value: Any, path: str, camera_url: str, faults: list[Fault]) -> Any:
    """A copy that may be shown. Credentials that facts (a label, say) brought into a text are masked, and a fault."""
    if isinstance(value, dict):
        return {name: _shown(item, f"{path}.{name}", camera_url, faults) for name, item in value.items()}
    if isinstance(value, list):
        return [_shown(item, f"{path}[{index}]", camera_url, faults) for index, item in enumerate(value)]
    if not isinstance(value, str) or not holds_credentials(_without(value, camera_url)):
        return value
    faults.append(Fault(path, CREDENTIALS))
    return redact_text(value)


def _without(text: str, part: str) -> str:
    return text.replace(part, "") if part else text


def _all_origins(shown: dict[str, Any], origins: Mapping[str, str]) -> dict[str, str]:
    """Of every value the Pi will have, in the order of their paths."""
    whole = {path: origin for path, origin in origins.items() if _is_there(shown, path)}
    whole |= dict.fromkeys(schema.defaults(shown), DEFAULT)
    return dict(sorted({**whole, "$.version": SYSTEM, "$.device_id": SYSTEM}.items()))


def _is_there(document: dict[str, Any], path: str) -> bool:
    value: Any = document
    for name in path.removeprefix("$.").split("."):
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True
