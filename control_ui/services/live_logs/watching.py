"""The viewer's side: starting, reading on, stopping."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from control_ui.models import Device
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import record
from control_ui.services.devices.records import subject
from control_ui.services.errors import ConflictError, NotFoundError, UnavailableError
from control_ui.services.live_logs.keys import (
    ENDED,
    KEEP_SECONDS,
    VIEWER_SECONDS,
    WAITING,
    key_of,
    lines_of,
    viewer_of,
)
from control_ui.services.permissions import Permission

PIECE = 500
"""Lines for one answer."""
_AWAY = "the lines of a live log go through Redis, and that cannot be reached: try again in a moment"


Field = bytes | bytearray | memoryview | str | int | float
"""What Redis takes."""


@dataclass(frozen=True)
class Seen:
    """How a log stands, and the lines from `after` on: `{at, unit, priority, message}`. `next` is the `after` to go on
    with. `over`: nothing will come any more."""

    state: str
    why: str
    lines: list[dict[str, Any]]
    next: int
    over: bool
    seconds: float
    """Since it was started."""


def start(session: ScopedSession, connection: redis.Redis, actor: Actor, device: Device, now: datetime) -> str:
    """Write down that somebody wants to follow a device's log, and give its id, by which a worker is to be told.

    Raises ForbiddenError, ConflictError where it cannot be reached over SSH, UnavailableError. Commits."""
    actor.require(Permission.FLEET_OPERATE)
    if not device.address:
        raise ConflictError(
            f"{device.name} has no address at which it can be reached from here: read the lines it has sent instead"
        )
    if not device.ssh_host_keys:
        raise ConflictError(
            f"no SSH host key of {device.name} is recorded, and an unknown one is never accepted: let it register, or"
            " import its key from a known_hosts file"
        )
    log_id = secrets.token_urlsafe(12)
    record(session, actor, "device.follow_log", subject(device), tenant_id=device.tenant_id, at=now)
    described: dict[Field, Field] = {
        "device_id": device.id,
        "tenant_id": device.tenant_id,
        "user_id": actor.id or 0,
        "started_at": now.timestamp(),
        "state": WAITING,
        "why": "",
    }
    try:
        with connection.pipeline() as pipe:
            pipe.hset(key_of(log_id), mapping=described)
            pipe.expire(key_of(log_id), KEEP_SECONDS)
            pipe.set(viewer_of(log_id), 1, ex=VIEWER_SECONDS)
            pipe.execute()
    except redis.RedisError as error:
        raise UnavailableError(_AWAY) from error
    session.commit()
    return log_id


def read(connection: redis.Redis, log_id: str, actor: Actor, device: Device, after: int, now: datetime) -> Seen:
    """The next lines; asking for them is what keeps the log alive. Raises NotFoundError where it is not this person's,
    not of this device, or forgotten; UnavailableError."""
    try:
        found = _found(connection, log_id, actor, device)
        state = found.get("state", ENDED)
        if state != ENDED:
            connection.set(viewer_of(log_id), 1, ex=VIEWER_SECONDS)
        lines = [json.loads(line) for line in connection.lrange(lines_of(log_id), after, after + PIECE - 1)]
    except redis.RedisError as error:
        raise UnavailableError(_AWAY) from error
    seconds = max(0.0, now.timestamp() - float(found["started_at"]))
    over = state == ENDED and len(lines) < PIECE
    return Seen(state, found.get("why", ""), lines, after + len(lines), over, seconds)


def stop(connection: redis.Redis, log_id: str, actor: Actor, device: Device) -> None:
    """Nobody wants to see more of it. Raises NotFoundError, UnavailableError."""
    try:
        _found(connection, log_id, actor, device)
        connection.delete(viewer_of(log_id))
    except redis.RedisError as error:
        raise UnavailableError(_AWAY) from error


def _found(connection: redis.Redis, log_id: str, actor: Actor, device: Device) -> dict[str, str]:
    found = {_text(name): _text(value) for name, value in connection.hgetall(key_of(log_id)).items()}
    if (found.get("device_id"), found.get("user_id")) != (str(device.id), str(actor.id or 0)):
        raise NotFoundError("this log is not followed any more: start it again")
    return found


def _text(raw: bytes | str) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw
