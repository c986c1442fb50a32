"""However many rows a list has, the page takes the same number of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

from control_ui.models import Schedule
from control_ui.models.devices import GroupKind
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.views.state import KEY
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.pages.administration.conftest import House, Visitor
from tests.control_ui.people.cast import Cast

Visit = Callable[[Role | str], Visitor]
MORE = 12


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []
    engine = app.extensions[KEY].sessions.kw["bind"]

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def grow(sessions: SessionFactory) -> None:
    """More of everything, of tenants too."""
    with open_session(sessions, ALL_TENANTS) as session:
        for number in range(MORE):
            tenant = factories.tenant(session)
            factories.user(session, tenant)
            device = factories.device(session, tenant, labels={"lane": "double"})
            factories.group(session, tenant, kind=GroupKind.QUERY, label_query="lane=double")
            schedule = Schedule(
                tenant_id=tenant.id, name=f"s{number}", cron="0 1 * * *", timezone="UTC", playbook="diagnose",
                target={"all": True}, next_at=NOW, created_at=NOW,
            )  # fmt: skip
            session.add(schedule)
            session.flush()
            factories.run(session, [device], schedule_id=schedule.id)
        session.commit()


@pytest.mark.parametrize("name", ["users", "tenants", "tokens", "sites", "devices", "groups", "schedules", "retention"])
def test_a_list_takes_as_many_for_few_rows_as_for_many(
    app: Flask, visit: Visit, house: House, cast: Cast, sessions: SessionFactory, name: str
) -> None:
    visitor, sizes = visit(Role.PLATFORM_ADMIN), []
    visitor.get("/account")
    for _ in range(2):
        with counted(app) as sent:
            answer = visitor.get(f"/administration/{name}")
        sizes.append((len(sent), answer.text.count("<tr>")))
        grow(sessions)
    (before, few), (after, many) = sizes
    assert after == before
    assert many >= few + (0 if name == "tokens" else MORE)
