"""How a Pi becomes known: an enrolment token, once, for a device token."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, EnrolmentToken
from control_ui.models.scope import Scope, ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import REFUSED, record
from control_ui.services.devices import ssh_host_keys
from control_ui.services.devices.enrolment import new_token, sha256
from control_ui.services.devices.records import subject
from control_ui.services.errors import (
    Fault,
    ForbiddenError,
    GoneError,
    InvalidError,
    ServiceError,
    UnauthenticatedError,
)

_MODEL = re.compile(r"Raspberry Pi (\d+)\b")


@dataclass(frozen=True)
class Application:
    """What a Pi says of itself. `device_token_sha256` is None where it wants its token made here."""

    device_name: str
    enrolment_token: str
    device_token_sha256: str | None
    ssh_host_keys: list[str]
    release: str
    hardware: str | None


@dataclass(frozen=True)
class Registered:
    """`device_token` is there only where it was made here; `again`: the very same registration had been taken."""

    device: Device
    device_token: str | None = None
    again: bool = False


def register(session: ScopedSession, actor: Actor, application: Application, now: datetime) -> Registered:
    """Take a Pi in.

    Raises UnauthenticatedError for an unknown token, GoneError for one that was used, revoked or has expired,
    ForbiddenError for another device's, InvalidError for host keys that are none.
    """
    token = _token(session, application)
    device = token.device
    try:
        _check(token, application, now)
    except ServiceError as error:
        _record(session, actor, device, now, outcome=REFUSED, after={"why": error.detail})
        session.commit()
        raise
    if token.used_at is not None:
        return Registered(device, again=True)
    if not rows.swap(session, EnrolmentToken, token.id, EnrolmentToken.used_at, None, {"used_at": now}):
        raise GoneError("this enrolment token is being used by another Pi at this moment")
    made = new_token() if application.device_token_sha256 is None else None
    _take_in(device, application, sha256(made) if made is not None else str(application.device_token_sha256), now)
    after = {"ssh_host_keys": device.ssh_host_keys, "release": application.release, "hardware": application.hardware}
    _record(session, actor, device, now, after=after)
    session.commit()
    return Registered(device, made)


def _token(session: ScopedSession, application: Application) -> EnrolmentToken:
    """The token's row; the session sees no more than its tenant from here on."""
    digest = sha256(application.enrolment_token)
    token = session.scalars(sa.select(EnrolmentToken).where(EnrolmentToken.token_sha256 == digest)).one_or_none()
    if token is None or not hmac.compare_digest(token.token_sha256, digest):
        raise UnauthenticatedError(
            "nobody knows this enrolment token: have one made for this device"
            " (POST /api/devices/<id>/enrolment-token) and put it on the Pi"
        )
    session.info["scope"] = Scope(token.tenant_id)
    return token


def _check(token: EnrolmentToken, application: Application, now: datetime) -> None:
    if token.device.name != application.device_name:
        raise ForbiddenError(f"this enrolment token is for another device than {application.device_name}")
    if token.used_at is not None and not _is_same(token.device, application):
        raise GoneError(f"this enrolment token was used at {_words(token.used_at)}: have a new one made")
    if token.revoked_at is not None and token.used_at is None:
        raise GoneError(f"this enrolment token was revoked at {_words(token.revoked_at)}: have a new one made")
    if token.expires_at <= now and token.used_at is None:
        raise GoneError(f"this enrolment token expired at {_words(token.expires_at)}: have a new one made")
    bad = [at for at, key in enumerate(application.ssh_host_keys) if not ssh_host_keys.is_public_key(key)]
    if bad:
        raise InvalidError("the host keys are not valid", [Fault(f"$.ssh_host_keys[{bad[0]}]", "is no SSH host key")])


def _is_same(device: Device, application: Application) -> bool:
    """Whether this very registration was taken already, and only its answer got lost."""
    digest = application.device_token_sha256
    return digest is not None and hmac.compare_digest(device.token_sha256 or "", digest)


def _take_in(device: Device, application: Application, token_sha256: str, now: datetime) -> None:
    """An earlier device token is taken until the new one is first shown: an interrupted exchange locks nobody out."""
    device.previous_token_sha256 = device.previous_token_sha256 or device.token_sha256
    device.token_sha256 = token_sha256
    device.registered_at = now
    device.ssh_host_keys = ssh_host_keys.ordered(application.ssh_host_keys)
    device.state.release = application.release
    found = _MODEL.search(application.hardware or "")
    if found and not device.hardware:
        device.hardware = f"pi{found[1]}"


def _words(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _record(
    session: ScopedSession,
    actor: Actor,
    device: Device,
    now: datetime,
    *,
    after: dict[str, Any],
    outcome: str = "ok",
) -> None:
    record(
        session,
        actor,
        "device.register",
        subject(device),
        tenant_id=device.tenant_id,
        after=after,
        outcome=outcome,
        at=now,
    )
