"""Configurations are made once and never change. A device's numbers only grow, for a Pi takes no lower one."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import defer

from control_ui.models import ConfigVersion, Device, DeviceState, TemplateVersion
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.configuration import schema
from control_ui.services.configuration.facts import login_of
from control_ui.services.configuration.layers import DEFAULT, SYSTEM
from control_ui.services.configuration.rendering import Rendered, Surroundings, content_sha256, render_among
from control_ui.services.errors import ConflictError, Fault, InvalidError
from control_ui.services.pictures.keys import is_own, with_own_key
from control_ui.services.redaction import MASK, redact_text

MOST_ATTEMPTS = 5
"""Each lost attempt means that somebody else has made a version of the same device at that moment."""
_LOGIN = re.compile(r"^(rtsps?://)[^/?#@]*:[^/?#@]*@", re.I)
MOST_FAULTS_TOLD = 100
Made = TypeVar("Made")


@dataclass(frozen=True)
class _Signature:
    """Who makes versions, why and when."""

    actor: Actor
    reason: str
    now: datetime

    def version(self, device: Device, number: int, **values: Any) -> ConfigVersion:
        return ConfigVersion(
            tenant_id=device.tenant_id,
            device_id=device.id,
            number=number,
            reason=redact_text(self.reason),
            created_by_id=self.actor.user_id,
            created_at=self.now,
            **values,
        )


def make(
    session: ScopedSession,
    device: Device,
    template_version: TemplateVersion | None,
    *,
    control_url: str,
    actor: Actor,
    reason: str,
    now: datetime,
) -> ConfigVersion:
    """The device's configuration from this version of a template; see `make_many`."""
    (made,) = make_many(
        session, [device], template_version, control_url=control_url, actor=actor, reason=reason, now=now
    )
    return made


def make_many(
    session: ScopedSession,
    devices: Sequence[Device],
    template_version: TemplateVersion | None,
    *,
    control_url: str,
    actor: Actor,
    reason: str,
    now: datetime,
) -> list[ConfigVersion]:
    """For each device, in their order, its configuration from this version of a template: a new one, or its newest
    where that says the same and the Pi has not gone past its number.

    Flushes and does not commit; records nothing in the audit trail, which is for the caller: one entry for all. A
    handful of statements, however many devices. Raises InvalidError with every fault of every device; a fault's
    path begins with the device's name (`wash-017:$.jpeg_quality`)."""
    surroundings = Surroundings.of(session, devices, control_url)
    signature = _Signature(actor, reason, now)

    def attempt() -> list[ConfigVersion]:
        newest, reported = _newest(session, devices), _reported(session, devices)
        made: list[ConfigVersion] = []
        faults: list[Fault] = []
        for device in devices:
            before = newest.get(device.id)
            at_least = reported.get(device.id) or 0
            rendered = render_among(surroundings, device, template_version, _next_number(before, at_least))
            faults += [Fault(f"{device.name}:{fault.path}", fault.message) for fault in rendered.faults]
            if before is not None and before.number >= at_least and before.content_sha256 == rendered.content_sha256:
                made.append(before)
            else:
                made.append(_from(rendered, device, before, template_version, signature))
        if faults:
            detail = f"{len(faults)} faults in the configurations of {len(devices)} devices"
            raise InvalidError(detail, faults[:MOST_FAULTS_TOLD])
        session.add_all(made)
        return made

    return _numbered(session, attempt)


def restore(
    session: ScopedSession, device: Device, old: ConfigVersion, *, actor: Actor, reason: str, now: datetime
) -> ConfigVersion:
    """A new number with the content of `old`; see `restore_many`."""
    (restored,) = restore_many(session, [(device, old)], actor=actor, reason=reason, now=now)
    return restored


def restore_many(
    session: ScopedSession,
    pairs: Sequence[tuple[Device, ConfigVersion]],
    *,
    actor: Actor,
    reason: str,
    now: datetime,
) -> list[ConfigVersion]:
    """For each device, in their order, a new number with the content of an old configuration, which it `restores`.

    Secrets are those of today: the camera's login, and the controllers' keys where they are the device's own. To roll
    back a setting must not lock out a camera or a controller whose secret was changed since. Flushes and does not
    commit. A handful of statements, however many devices, if the old configurations are loaded whole."""
    signature = _Signature(actor, reason, now)
    devices = [device for device, _ in pairs]

    def attempt() -> list[ConfigVersion]:
        newest, reported = _newest(session, devices), _reported(session, devices)
        made = []
        for device, old in pairs:
            before = newest.get(device.id)
            made.append(_again(device, old, before, reported.get(device.id) or 0, signature))
        session.add_all(made)
        return made

    return _numbered(session, attempt)


def next_number(session: ScopedSession, device: Device) -> int:
    """What the device's next configuration will be numbered, if nobody else makes one first."""
    return _next_number(_newest(session, [device]).get(device.id), _reported(session, [device]).get(device.id) or 0)


def _numbered(session: ScopedSession, attempt: Callable[[], Made]) -> Made:
    """What `attempt` makes, flushed. Of two makers at once one finds its number taken, and looks again."""
    for _ in range(MOST_ATTEMPTS):
        try:
            with session.begin_nested():
                made = attempt()
                session.flush()
        except IntegrityError:
            continue
        return made
    raise ConflictError("others are making configurations of the same devices at this moment: try again")


def _newest(session: ScopedSession, devices: Sequence[Device]) -> dict[int, ConfigVersion]:
    """By device id, its version of the highest number, without its document."""
    ids = [device.id for device in devices]
    highest = (
        sa.select(ConfigVersion.device_id, sa.func.max(ConfigVersion.number).label("number"))
        .where(ConfigVersion.device_id.in_(ids))
        .group_by(ConfigVersion.device_id)
        .subquery()
    )
    query = (
        sa.select(ConfigVersion)
        .join(
            highest,
            sa.and_(ConfigVersion.device_id == highest.c.device_id, ConfigVersion.number == highest.c.number),
        )
        .options(defer(ConfigVersion.document))
    )
    return {version.device_id: version for version in session.scalars(query)}


def _reported(session: ScopedSession, devices: Sequence[Device]) -> dict[int, int | None]:
    """By device id, the number its Pi last reported: one that numbers by itself may be ahead of us."""
    ids = [device.id for device in devices]
    query = sa.select(DeviceState.device_id, DeviceState.config_version).where(DeviceState.device_id.in_(ids))
    return {row.device_id: row.config_version for row in session.execute(query)}


def _next_number(newest: ConfigVersion | None, reported: int) -> int:
    return max(reported, 0 if newest is None else newest.number) + 1


def _from(
    rendered: Rendered,
    device: Device,
    before: ConfigVersion | None,
    template_version: TemplateVersion | None,
    signature: _Signature,
) -> ConfigVersion:
    return signature.version(
        device,
        rendered.document["version"],
        parent_id=None if before is None else before.id,
        template_version_id=None if template_version is None else template_version.id,
        document=rendered.document,
        shown=rendered.shown,
        origins=rendered.origins,
        content_sha256=rendered.content_sha256,
    )


def _again(
    device: Device, old: ConfigVersion, before: ConfigVersion | None, reported: int, signature: _Signature
) -> ConfigVersion:
    number = _next_number(before, reported)
    today = _keys_of_today(device, old)
    shown = {**old.shown, **today, "version": number}
    document = {**old.document, **today, "version": number}
    password = device.camera_password
    document["rtsp_url"] = _with_login_of_today(document["rtsp_url"], device, password)
    shown["rtsp_url"] = _with_login_of_today(shown["rtsp_url"], device, password and MASK)
    return signature.version(
        device,
        number,
        parent_id=None if before is None else before.id,
        restores_id=old.id,
        template_version_id=old.template_version_id,
        document=document,
        shown=shown,
        origins=_origins_of_today(old),
        content_sha256=content_sha256(shown, device.camera_password_revision),
    )


def _keys_of_today(device: Device, old: ConfigVersion) -> dict[str, Any]:
    others = [key for key in old.document.get("api_keys", []) if not is_own(key)]
    keys = device.api_keys if others and old.origins.get("$.api_keys") == SYSTEM else others
    return {"api_keys": with_own_key(copy.deepcopy(keys), device.id, schema.most_api_keys())}


def _origins_of_today(old: ConfigVersion) -> dict[str, Any]:
    """Where nobody had a key, the control plane has one now."""
    nobodys = old.origins.get("$.api_keys", DEFAULT) == DEFAULT
    return old.origins | ({"$.api_keys": SYSTEM} if nobodys else {})


def _with_login_of_today(url: str, device: Device, password: str | None) -> str:
    """The address with today's user and `password` in the place of the old ones, if it had any."""
    if password is None or not device.camera_user:
        return url
    return _LOGIN.sub(lambda found: f"{found[1]}{login_of(device, password)}", url)
