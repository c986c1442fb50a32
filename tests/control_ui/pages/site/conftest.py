from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import Device, Tenant
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from control_ui.services.pictures.latest import Pictures
from control_ui.views.state import KEY
from tests.control_ui import factories
from tests.control_ui.pages.browser import sign_in, submit
from tests.control_ui.people.cast import Cast
from tests.control_ui.pictures.pi import Pi, listening


@dataclass
class Desk:
    """Somebody signed in, who looks at a site of their tenant."""

    client: FlaskClient
    session: ScopedSession
    device: Device

    @property
    def base(self) -> str:
        return f"/sites/{self.device.id}"

    def get(self, tab: str = "") -> TestResponse:
        self.session.commit()  # what the test has changed; and SQLite's one write lock
        return self.client.get(self.base + tab, headers={"Accept": "text/html"})

    def post(self, path: str, **fields: str) -> TestResponse:
        self.session.commit()
        return submit(self.client, self.base + path, "/account", **fields)


Sit = Callable[[Role], Desk]


@pytest.fixture
def device(session: ScopedSession, cast: Cast) -> Device:
    """Of the tenant of everybody in the cast."""
    tenant = session.get_one(Tenant, cast.tenant.id)
    found = factories.device(
        session, tenant, "pi-east",
        site=factories.site(session, tenant, name="East Side", city="Boise", state="ID"),
        ssh_host_keys=["ssh-ed25519 AAAA"], token_sha256="7" * 64,
    )  # fmt: skip
    session.commit()
    return found


@pytest.fixture
def sit(client: FlaskClient, session: ScopedSession, device: Device, cast: Cast) -> Sit:
    def sit(role: Role) -> Desk:
        sign_in(client, cast[role])
        return Desk(client, session, device)

    return sit


@pytest.fixture
def desk(sit: Sit) -> Desk:
    """An operator's."""
    return sit(Role.OPERATOR)


@pytest.fixture
def pi(app: Flask) -> Iterator[Pi]:
    """What every site's snapshot service is, at 127.0.0.1."""
    with listening() as pi:
        app.extensions[KEY] = replace(app.extensions[KEY], pictures=Pictures(pi.port))
        yield pi
