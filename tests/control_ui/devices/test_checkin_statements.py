"""What a check-in costs: counted in statements, for time is the machine's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import want
from control_ui.views.state import AppState
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.devices.conftest import Fleet, agent, report


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements that the application sends meanwhile, transactions aside, by their first words."""
    found: list[str] = []
    state: AppState = app.extensions["carwash"]
    engine = state.sessions.kw["bind"]

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            words = statement.split()
            found.append(" ".join(words[:3]) if words[0] == "INSERT" else words[0])

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def known(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    """A device that has checked in before, and runs what is wanted of it."""
    version = factories.config_version(session, fleet.device, 6)
    want(session, fleet.device, version, expires_at=None, now=NOW)
    session.commit()
    assert client.post("/api/agent/checkin", json=report(), headers=agent()).status_code == 200


@pytest.mark.usefixtures("known")
def test_the_usual_checkin_is_one_select_and_one_update(app: Flask, client: FlaskClient) -> None:
    with statements(app) as found:
        answer = client.post("/api/agent/checkin", json=report(), headers=agent())
    assert answer.get_json()["desired_version"] == 6
    assert found == ["SELECT", "UPDATE"]


@pytest.mark.usefixtures("known")
def test_log_lines_cost_one_insert_however_many_they_are(app: Flask, client: FlaskClient) -> None:
    lines = [{"id": str(n), "at": "2026-03-04T05:00:00Z", "priority": 6, "message": f"line {n}"} for n in range(200)]
    with statements(app) as found:
        client.post("/api/agent/checkin", json=report(logs=lines), headers=agent())
    assert found == ["SELECT", "UPDATE", "INSERT INTO device_logs"]


@pytest.mark.usefixtures("known")
def test_a_new_trouble_costs_one_row(app: Flask, client: FlaskClient) -> None:
    with statements(app) as found:
        client.post("/api/agent/checkin", json=report(status={"snapshot": None}), headers=agent())
    assert found == ["SELECT", "UPDATE", "INSERT INTO device_status_changes"]


@pytest.mark.usefixtures("known")
def test_the_configuration_is_read_by_one_statement_and_not_read_again_where_nothing_changed(
    app: Flask, client: FlaskClient
) -> None:
    etag = client.get("/api/agent/config", headers=agent()).headers["ETag"]
    with statements(app) as found:
        again = client.get("/api/agent/config", headers=agent() | {"If-None-Match": etag})
    assert again.status_code == 304
    assert found == ["SELECT"]


def test_statements_are_counted_at_all(app: Flask) -> None:
    with statements(app) as found, app.extensions["carwash"].sessions.kw["bind"].connect() as connection:
        connection.execute(sa.text("SELECT 1"))
    assert found == ["SELECT"]
