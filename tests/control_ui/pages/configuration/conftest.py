"""A tenant with two templates and three sites, and a browser that one of its people is signed in with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import Base, ConfigTemplate, Device, Group, GroupMember, TemplateVersion
from control_ui.models.devices import DeviceStatus, Environment
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories
from tests.control_ui.pages.browser import csrf_token, sign_in
from tests.control_ui.people.cast import Cast

Row = TypeVar("Row", bound=Base)
BODY = {"rtsp_url": "{{ camera.url }}", "snapshot_interval_seconds": 12, "jpeg_quality": 85}


@dataclass
class Desk:
    """Where somebody sits who configures sites."""

    app: Flask
    client: FlaskClient
    session: ScopedSession
    cast: Cast
    template: ConfigTemplate
    version: TemplateVersion
    devices: list[Device]
    group: Group

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> TestResponse:
        token = csrf_token(self.client, "/configuration")
        return self.client.post(path, data={"csrf_token": token, **fields}, headers=headers)

    def as_(self, role: Role) -> Desk:
        """The same desk, with somebody else at it."""
        client = self.app.test_client()
        sign_in(client, self.cast[role])
        return Desk(self.app, client, self.session, self.cast, self.template, self.version, self.devices, self.group)

    def as_stranger(self) -> Desk:
        desk = self.as_(Role.VIEWER)
        desk.client = self.app.test_client()
        sign_in(desk.client, self.cast.stranger)
        return desk

    def rows(self, model: type[Row]) -> list[Row]:
        """What is in the database now. Ends the transaction: on SQLite it would keep the pages from writing."""
        query = sa.select(model).order_by(*sa.inspect(model).primary_key).execution_options(populate_existing=True)
        found = self.session.scalars(query).unique().all()
        self.session.commit()
        return list(found)


@pytest.fixture
def desk(app: Flask, session: ScopedSession, cast: Cast) -> Desk:
    """Two of the sites run the template's first version; wash-3, of the environment staging, runs nothing."""
    version = factories.template(session, cast.tenant, BODY, name="Standard", description="What most run")
    factories.template(session, cast.tenant, {**BODY, "max_width": 960}, name="Low bandwidth")
    devices = [_device(session, cast, at, version) for at in (1, 2, 3)]
    group = factories.group(session, cast.tenant, name="Hills", priority=5)
    session.add(GroupMember(tenant_id=cast.tenant.id, group_id=group.id, device_id=devices[0].id))
    session.commit()
    client = app.test_client()
    sign_in(client, cast[Role.OPERATOR])
    return Desk(app, client, session, cast, version.template, version, devices, group)


def _device(session: ScopedSession, cast: Cast, at: int, version: TemplateVersion) -> Device:
    region = "west" if at < 3 else "south"
    site = factories.site(session, cast.tenant, name=f"Blue {at}", region=region)
    device = factories.device(
        session, cast.tenant, f"wash-{at}", site=site, status=DeviceStatus.ONLINE,
        environment=Environment.PRODUCTION if at < 3 else Environment.STAGING, ring="canary" if at == 1 else "main",
        template_id=version.template_id if at < 3 else None,
    )  # fmt: skip
    if at < 3:
        shown = {"version": 1, "device_id": device.name, "rtsp_url": "rtsp://viewer:***@192.0.2.10:554/", **BODY}
        shown["rtsp_url"] = "rtsp://viewer:***@192.0.2.10:554/"
        config = factories.config_version(session, device, 1, shown=shown, template_version_id=version.id)
        device.state.desired_config, device.state.config_version = config, 1
    return device


def form_of(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What the editor sends for a template with this body and no overlays; `fields` are laid over it."""
    sent: dict[str, Any] = {"kind": "template", "view": "form", "base": "{}", "name": "Standard", "row_version": "1"}
    for name, value in body.items():
        sent |= {f"base/{name}/mode": "value", f"base/{name}/value": str(value)}
    return sent | fields


FormOf = Callable[..., dict[str, Any]]
