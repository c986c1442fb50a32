"""The worker's side: taking a log, passing its lines on, and knowing when to end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from control_ui.models import Device, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import reading
from control_ui.services.devices.logs import LONGEST_MESSAGE
from control_ui.services.live_logs.keys import CONNECTING, ENDED, FOLLOWING, KEEP_SECONDS, key_of, lines_of, viewer_of
from control_ui.services.redaction import KnownSecrets

MOST_LINES = 3000
LONGEST_SECONDS = 600
_INFO, _DEBUG = 6, 7
_LONGEST_UNIT = 100


@dataclass(frozen=True)
class Followed:
    """Whose log it is, as plain values: they outlive the session."""

    device: str
    address: str
    port: int
    user: str
    host_keys: tuple[str, ...]
    tenant_slug: str
    secrets: KnownSecrets


def claim(connection: redis.Redis, log_id: str) -> int | None:
    """Take a log that waits: the id of its device. None where somebody has it, or nobody wants it any more."""
    device_id = connection.hget(key_of(log_id), "device_id")
    if device_id is None or not connection.hsetnx(key_of(log_id), "taken", 1):
        return None
    if not connection.exists(viewer_of(log_id)):
        end(connection, log_id, "nobody was watching any more when its turn came")
        return None
    connection.hset(key_of(log_id), "state", CONNECTING)
    return int(device_id)


def describe(session: ScopedSession, device_id: int) -> Followed:
    """The Pi as it is known at this moment."""
    device = session.get_one(Device, device_id)
    slug = session.get_one(Tenant, device.tenant_id).slug
    return Followed(
        device.name,
        device.address,
        device.ssh_port,
        device.ssh_user,
        tuple(device.ssh_host_keys),
        slug,
        KnownSecrets([device.camera_password or ""]),
    )


def pass_on(connection: redis.Redis, log_id: str, lines: Sequence[dict[str, Any]]) -> int:
    """Give lines to the viewer; how many there are now."""
    with connection.pipeline() as pipe:
        pipe.hset(key_of(log_id), "state", FOLLOWING)
        pipe.expire(key_of(log_id), KEEP_SECONDS)
        pipe.rpush(lines_of(log_id), *(json.dumps(line) for line in lines))
        pipe.expire(lines_of(log_id), KEEP_SECONDS)
        results = pipe.execute()
    return int(results[2])


def is_watched(connection: redis.Redis, log_id: str) -> bool:
    return bool(connection.exists(viewer_of(log_id)))


def end(connection: redis.Redis, log_id: str, why: str) -> None:
    """Say that nothing comes any more, and why."""
    with connection.pipeline() as pipe:
        pipe.hset(key_of(log_id), mapping={"state": ENDED, "why": why})
        pipe.expire(key_of(log_id), KEEP_SECONDS)
        pipe.execute()


def line_of(text: str, secrets: KnownSecrets) -> dict[str, Any] | None:
    """An entry of `journalctl --output=json` as it may be shown; None for what is none."""
    try:
        entry = json.loads(text)
        at = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1_000_000, UTC)
        priority = reading.whole(int(entry.get("PRIORITY", _INFO)), 0, _DEBUG)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None
    unit = reading.text(entry.get("UNIT") or entry.get("_SYSTEMD_UNIT"), _LONGEST_UNIT)
    return {
        "at": at.isoformat(timespec="milliseconds"),
        "unit": unit.removesuffix(".service"),
        "priority": _INFO if priority is None else priority,
        "message": reading.masked(_message(entry.get("MESSAGE")), secrets.mask, LONGEST_MESSAGE),
    }


def _message(value: Any) -> str:
    """journalctl gives a message that is not UTF-8 as a list of bytes, and a very long one as null."""
    if isinstance(value, list):
        try:
            return bytes(value[: 2 * LONGEST_MESSAGE]).decode(errors="replace")
        except (ValueError, TypeError):
            return ""
    return value if isinstance(value, str) else ""
