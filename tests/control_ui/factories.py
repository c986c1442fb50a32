"""Rows for tests: each function adds one with sensible values, flushed, and takes what matters as arguments."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, TypeVar

from control_ui.models import (
    Base,
    ConfigTemplate,
    ConfigVersion,
    Device,
    DeviceState,
    Group,
    HostResult,
    Run,
    Site,
    TemplateVersion,
    Tenant,
    User,
)
from control_ui.models.devices import DeviceStatus, Environment, GroupKind
from control_ui.models.people import Role
from control_ui.models.runs import HostProgress, RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.people import access_tokens
from control_ui.services.permissions import permissions_of
from tests.control_ui.conftest import NOW, SECRET_KEY

Row = TypeVar("Row", bound=Base)
NO_PASSWORD = "!"  # no argon2 hash: nobody signs in with it


def tenant(session: ScopedSession, slug: str = "", **values: Any) -> Tenant:
    slug = slug or f"tenant-{secrets.token_hex(4)}"
    row = Tenant(slug=slug, name=slug.title(), created_at=NOW, **values)
    return _added(session, row)


def user(session: ScopedSession, tenant: Tenant | None, role: Role = Role.ADMIN, **values: Any) -> User:
    values.setdefault("email", f"{role}-{secrets.token_hex(4)}@example.test")
    row = User(
        tenant_id=None if tenant is None else tenant.id,
        name=f"A {role}",
        role=role,
        created_at=NOW,
        **{"password_hash": NO_PASSWORD, **values},
    )
    return _added(session, row)


def actor(user: User) -> Actor:
    """The actor that a signed-in person is."""
    return Actor(
        "user", user.id, user.email, user.tenant_id, permissions_of(user.role), "127.0.0.1", "request-of-a-test"
    )


def headers(user: User) -> dict[str, str]:
    """With which this person calls the API."""
    return {"Authorization": f"Bearer {access_tokens.issue(user, SECRET_KEY)}"}


def site(session: ScopedSession, tenant: Tenant, **values: Any) -> Site:
    values.setdefault("name", f"site-{secrets.token_hex(4)}")
    values.setdefault("timezone", "America/Chicago")
    return _added(session, Site(tenant_id=tenant.id, created_at=NOW, **values))


def device(session: ScopedSession, tenant: Tenant, name: str = "", **values: Any) -> Device:
    """A device with its site and state; `status`, `last_seen_at`, `config_version`, `release`, `report` go to the
    state."""
    name = name or f"pi-{secrets.token_hex(4)}"
    of_state = {
        key: values.pop(key)
        for key in ("status", "last_seen_at", "config_version", "release", "report")
        if key in values
    }
    place = values.pop("site", None) or site(session, tenant, name=f"Site of {name}")
    defaults = {
        "environment": Environment.PRODUCTION,
        "address": "127.0.0.1",
        "camera_host": "192.0.2.10",
        "camera_user": "viewer",
        "camera_password": f"camera-{secrets.token_hex(8)}",
        "camera_password_revision": 1,
    }
    row = Device(tenant_id=tenant.id, site=place, name=name, created_at=NOW, **defaults | values)
    row.state = DeviceState(tenant_id=tenant.id, status_since=NOW, **{"status": DeviceStatus.NEVER_SEEN} | of_state)
    return _added(session, row)


def group(session: ScopedSession, tenant: Tenant, **values: Any) -> Group:
    values.setdefault("name", f"group-{secrets.token_hex(4)}")
    values.setdefault("kind", GroupKind.STATIC)
    return _added(session, Group(tenant_id=tenant.id, created_at=NOW, **values))


def template(
    session: ScopedSession, tenant: Tenant, body: dict[str, Any] | None = None, **values: Any
) -> TemplateVersion:
    """The first version of a new template; `overlays` go to the version."""
    overlays = values.pop("overlays", {})
    values.setdefault("name", f"template-{secrets.token_hex(4)}")
    row = _added(session, ConfigTemplate(tenant_id=tenant.id, created_at=NOW, latest_number=1, **values))
    version = TemplateVersion(
        tenant_id=tenant.id,
        template=row,
        number=1,
        body=body if body is not None else {"rtsp_url": "{{ camera.url }}", "snapshot_interval_seconds": 12},
        overlays=overlays,
        content_sha256=secrets.token_hex(32),
        created_at=NOW,
    )
    return _added(session, version)


def config_version(session: ScopedSession, device: Device, number: int = 1, **values: Any) -> ConfigVersion:
    document = {
        "version": number,
        "device_id": device.name,
        "rtsp_url": f"rtsp://viewer:{device.camera_password}@192.0.2.10/",
    }
    defaults = {
        "document": document,
        "shown": document | {"rtsp_url": "rtsp://viewer:***@192.0.2.10/"},
        "origins": {},
        "content_sha256": secrets.token_hex(32),
    }
    return _added(
        session,
        ConfigVersion(
            tenant_id=device.tenant_id, device_id=device.id, number=number, created_at=NOW, **defaults | values
        ),
    )


def run(session: ScopedSession, devices: list[Device], **values: Any) -> Run:
    """A run on these devices, with a HostResult for each that is still pending."""
    defaults: dict[str, Any] = {
        "playbook": "configure",
        "target": {"device_ids": [device.id for device in devices]},
        "mutating": True,
        "forks": 5,
        "state": RunState.QUEUED,
        "requested_by": "a test",
        "requested_at": NOW - timedelta(minutes=1),
    }
    row = _added(session, Run(tenant_id=devices[0].tenant_id, **defaults | values))
    for one in devices:
        result = HostResult(
            tenant_id=one.tenant_id, run_id=row.id, device_id=one.id, host=one.name, progress=HostProgress.PENDING
        )
        _added(session, result)
    return row


def _added(session: ScopedSession, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
