from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import ApiToken, Schedule
from control_ui.models.devices import GroupKind
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.devices import enrolment
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.pages.browser import csrf_token, sign_in
from tests.control_ui.people.cast import Cast

FAR = NOW.replace(year=2126)


@dataclass(frozen=True)
class House:
    """Ids of rows of the tenant `ours`."""

    site: int
    empty_site: int
    device: int
    other_device: int
    list_: int
    query: int
    schedule: int
    token: int


class Visitor:
    """A browser of one person."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(self, path: str, **fields: Any) -> TestResponse:
        """As from a form on the page."""
        return self.client.post(path, data={"csrf_token": csrf_token(self.client, "/account"), **fields})


@pytest.fixture
def house(sessions: SessionFactory, cast: Cast) -> House:
    """What there is to administer in `ours`."""
    with open_session(sessions, ALL_TENANTS) as session:
        tenant = cast.tenant
        site = factories.site(session, tenant, name="Toledo", city="Toledo", state="OH", region="midwest")
        empty = factories.site(session, tenant, name="Empty lot")
        device = factories.device(session, tenant, "ours-01", site=site, labels={"lane": "double"})
        other = factories.device(session, tenant, "ours-02")
        list_ = factories.group(session, tenant, name="A list")
        query = factories.group(session, tenant, name="Doubles", kind=GroupKind.QUERY, label_query="lane=double")
        schedule = Schedule(
            tenant_id=tenant.id, name="Nightly", cron="30 2 * * mon-fri", timezone="America/Chicago",
            playbook="diagnose", target={"all": True}, variables={"diagnose_journal_lines": 50}, next_at=FAR,
            created_by_id=cast[Role.OPERATOR].id, created_at=NOW,
        )  # fmt: skip
        token = ApiToken(
            tenant_id=tenant.id, user_id=cast[Role.OPERATOR].id, name="a program", token_sha256="0" * 64,
            scopes=["fleet:read"], created_at=NOW, expires_at=FAR,
        )  # fmt: skip
        session.add_all([schedule, token])
        enrolment.add(session, factories.actor(cast[Role.ADMIN]), other, lifetime=FAR - NOW, now=NOW)
        session.commit()
        return House(site.id, empty.id, device.id, other.id, list_.id, query.id, schedule.id, token.id)


@pytest.fixture
def visit(app: Flask, cast: Cast) -> Callable[[Role | str], Visitor]:
    """`visit(Role.ADMIN)`, or `visit("stranger")`: another tenant's administrator."""

    def visit(who: Role | str) -> Visitor:
        client = app.test_client()
        sign_in(client, cast.stranger if who == "stranger" else cast[Role(who)])
        return Visitor(client)

    return visit
