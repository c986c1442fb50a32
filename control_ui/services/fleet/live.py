"""What changes on open fleet pages, worked out once for all who look at the same sites.

Half a second old at most, and kept by each web process for itself: nothing needs to agree on it.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from control_ui.models import ConfigTemplate, ConfigVersion, Device, DeviceState, TemplateVersion
from control_ui.models.scope import ScopedSession
from control_ui.services.devices.selector import parse, where

LIFETIME_SECONDS = 0.5
MOST_KEPT = 200
"""Scopes and label queries; beyond it all are forgotten."""


@dataclass(frozen=True)
class Document:
    """JSON, and a name that changes with it."""

    body: bytes
    etag: str


@dataclass
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    document: Document | None = None
    at: float = 0.0


class FleetMemory:
    """Who comes while the same is worked out waits for it, so that many pages cost one query."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def read(self, key: Hashable, load: Callable[[], Document]) -> Document:
        """What is remembered by `key`, or loaded now. What `load` raises is not remembered."""
        with self._lock:
            if len(self._entries) >= MOST_KEPT and key not in self._entries:
                self._entries = {}
            entry = self._entries.setdefault(key, _Entry())
        with entry.lock:
            now = self._clock()
            if entry.document is None or now - entry.at >= LIFETIME_SECONDS:
                entry.document, entry.at = load(), now
            return entry.document


def state(session: ScopedSession, label_query: str = "") -> Document:
    """`{"sites": [[device id, status, since (epoch seconds), reasons, configuration in force, wanted, template version
    id, release, held], ...], "templates": {"7": "Standard camera 2"}}`, without anything that changes by itself.

    Raises InvalidError for a label query that makes no sense.
    """
    in_force, wanted = aliased(ConfigVersion), aliased(ConfigVersion)
    query = (
        sa.select(
            Device.id, DeviceState.status, DeviceState.status_since, DeviceState.status_reasons,
            DeviceState.config_version, wanted.number, in_force.template_version_id, DeviceState.release,
            Device.held_reason,
        )
        .select_from(Device)
        .join(DeviceState, DeviceState.device_id == Device.id)
        .outerjoin(wanted, wanted.id == DeviceState.desired_config_id)
        .outerjoin(
            in_force,
            sa.and_(in_force.device_id == Device.id, in_force.number == DeviceState.config_version),
        )
        .where(where(parse(label_query)))
        .order_by(Device.id)
    )  # fmt: skip
    rows = session.execute(query).all()
    sites = [[row[0], row[1].value, int(row[2].timestamp()), *row[3:]] for row in rows]
    used = {row[6] for row in rows if row[6] is not None}
    return document({"sites": sites, "templates": _names(session, used)})


def document(content: dict[str, Any]) -> Document:
    body = json.dumps(content, separators=(",", ":")).encode()
    return Document(body, hashlib.sha256(body).hexdigest()[:20])


def _names(session: ScopedSession, ids: set[int]) -> dict[str, str]:
    query = sa.select(TemplateVersion.id, ConfigTemplate.name, TemplateVersion.number)
    query = query.join(ConfigTemplate, ConfigTemplate.id == TemplateVersion.template_id)
    found = session.execute(query.where(TemplateVersion.id.in_(ids)).order_by(TemplateVersion.id))
    return {str(version_id): f"{name} {number}" for version_id, name, number in found}
