"""A company's three sites and one of a stranger, and people at the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from control_ui.models import Device, Run, User
from control_ui.models.devices import DeviceStatus
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.views.state import KEY
from tests.control_ui import factories
from tests.control_ui.pages.browser import csrf_token, sign_in
from tests.control_ui.people.cast import Cast


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in, with a browser."""

    client: FlaskClient

    def see(self, path: str, status: int = 200, **options: Any) -> str:
        """The page, which answers with this status."""
        answer = self.client.get(path, headers={"Accept": "text/html"}, **options)
        assert answer.status_code == status, (path, answer.status_code, answer.text[-600:])
        return str(answer.text)

    def send(self, path: str, fields: dict[str, Any] | None = None) -> TestResponse:
        """A form, with the token of the page it is on; lists are sent value by value."""
        data: MultiDict[str, str] = MultiDict(fields or {})
        data["csrf_token"] = csrf_token(self.client, "/account")
        return self.client.post(path, data=data, headers={"Accept": "text/html"})


At = Callable[[User | Role], Visitor]


@pytest.fixture
def at(app: Flask, cast: Cast) -> At:
    """`at(Role.OPERATOR)`: a browser of its own, signed in."""

    def enter(who: User | Role) -> Visitor:
        client = app.test_client()
        sign_in(client, cast[who] if isinstance(who, Role) else who)
        return Visitor(client)

    return enter


@dataclass(frozen=True)
class Sites:
    """Ids by name, and rows behind everybody's back."""

    sessions: SessionFactory
    cast: Cast
    ids: dict[str, int]
    stranger_id: int

    @contextmanager
    def session(self) -> Iterator[ScopedSession]:
        with open_session(self.sessions, ALL_TENANTS) as session:
            yield session
            session.commit()

    def run(self, *names: str, **values: Any) -> int:
        """A run on these sites, or on all; its id."""
        with self.session() as session:
            devices = [session.get_one(Device, self.ids[name]) for name in names or self.ids]
            return factories.run(session, devices, **values).id

    def find_run(self, run_id: int) -> Run:
        with self.session() as session:
            return session.get_one(Run, run_id)


@pytest.fixture
def sites(sessions: SessionFactory, cast: Cast) -> Sites:
    names = ("pi-01", "pi-02", "pi-03")
    with open_session(sessions, ALL_TENANTS) as session:
        theirs = factories.device(session, factories.tenant(session, "elsewhere"), "pi-99")
        status = {"status": DeviceStatus.ONLINE, "config_version": 1}
        ids = {name: factories.device(session, cast.tenant, name, **status).id for name in names}
        session.commit()
        return Sites(sessions, cast, ids, theirs.id)


def statements(app: Flask, work: Callable[[], object]) -> int:
    """How many statements the application sends meanwhile."""
    engine, found = app.extensions[KEY].sessions.kw["bind"], []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return len(found)
