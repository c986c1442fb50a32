"""A small fleet of one tenant, its people, and the reports a Pi sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from control_ui.models import Device, Tenant, User
from control_ui.models.people import Role
from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.actor import Actor
from control_ui.services.devices.enrolment import sha256
from tests.control_ui import factories

TOKEN = "device-token-of-the-tests"
PASSWORD = "hunter2/of the&camera"


@dataclass(frozen=True)
class Fleet:
    """Committed rows. `device` is registered with TOKEN, and its camera's password is PASSWORD."""

    tenant: Tenant
    device: Device
    users: dict[Role, User]

    def headers(self, role: Role = Role.ADMIN, **more: str) -> dict[str, str]:
        return factories.headers(self.users[role]) | {name.replace("_", "-"): value for name, value in more.items()}

    def actor(self, role: Role = Role.ADMIN) -> Actor:
        return factories.actor(self.users[role])


@pytest.fixture
def fleet(session: ScopedSession) -> Fleet:
    tenant = factories.tenant(session, "bluewave")
    device = factories.device(
        session, tenant, "wash-1", token_sha256=sha256(TOKEN), camera_password=PASSWORD, ring="canary"
    )
    users: dict[Role, User] = {
        role: factories.user(session, None if role == Role.PLATFORM_ADMIN else tenant, role) for role in Role
    }
    session.commit()
    return Fleet(tenant, device, users)


@pytest.fixture
def ours(sessions: SessionFactory, fleet: Fleet) -> Any:
    """A session of the fleet's tenant."""
    with open_session(sessions, Scope(fleet.tenant.id)) as session:
        yield session


def agent(token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def report(config_version: int = 6, **changes: Any) -> dict[str, Any]:
    """What a Pi that is well sends."""
    status = {
        "release": "1.2.3",
        "boot_id": "5c0b",
        "uptime_seconds": 77,
        "clock_synchronised": True,
        "conditions": [],
        "actions": [],
        "config_fault": "",
        "last_apply": None,
        "backlog": {"entries": 0, "dropped_entries": 0},
        "snapshot": {
            "sequence": 41,
            "captured_at": "2026-03-04T05:06:00.000Z",
            "age_seconds": 4.0,
            "size_bytes": 140_000,
            "config_version": config_version,
        },
        "pull": None,
    }
    stream = {
        "status": "streaming",
        "since": "2026-03-04T05:00:00.000Z",
        "last_error": None,
        "restarts": 1,
        "reconnects": 2,
        "published": 42,
        "interval_seconds": 12.0,
        "quiet": False,
    }
    metrics = {
        "cpu_usage_percent": 12.5,
        "memory_usage_bytes": 300_000_000,
        "memory_total_bytes": 4_000_000_000,
        "temperature_celsius": 51.5,
        "disk_usage_percent": 20.0,
        "network": {"eth0": {"received": 10, "transmitted": 20}, "wlan0": {"received": 1, "transmitted": 2}},
        "unit_memory_bytes": {"carwash-stream.service": 80_000_000},
    }
    whole = {
        "device_id": "wash-1",
        "config_version": config_version,
        "status": status | changes.pop("status", {}),
        "stream": stream | changes.pop("stream", {}),
        "metrics": metrics,
        "logs": [],
        "samples": [],
        "action_results": [],
    }
    return whole | changes
