"""The configuration a Pi fetches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import want
from tests.control_ui import factories
from tests.control_ui.devices.conftest import PASSWORD, Fleet, agent


def test_it_is_the_whole_document_with_its_number(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    version = factories.config_version(session, fleet.device, 7)
    want(session, fleet.device, version, expires_at=None, now=datetime.now(UTC))
    session.commit()
    answer = client.get("/api/agent/config", headers=agent())
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    document = answer.get_json()
    assert (document["version"], document["device_id"]) == (7, "wash-1")
    assert PASSWORD in document["rtsp_url"]


def test_the_number_inside_is_always_the_versions_own(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    document = {"version": 3, "device_id": "wash-1"}
    version = factories.config_version(session, fleet.device, 7, document=document)
    want(session, fleet.device, version, expires_at=None, now=datetime.now(UTC))
    session.commit()
    assert client.get("/api/agent/config", headers=agent()).get_json() == {"version": 7, "device_id": "wash-1"}


def test_what_the_pi_has_already_is_304_until_another_is_wanted(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    now = datetime.now(UTC)
    want(session, fleet.device, factories.config_version(session, fleet.device, 7), expires_at=None, now=now)
    session.commit()
    etag = client.get("/api/agent/config", headers=agent()).headers["ETag"]
    known = agent() | {"If-None-Match": etag}
    answer = client.get("/api/agent/config", headers=known)
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
    want(session, fleet.device, factories.config_version(session, fleet.device, 8), expires_at=None, now=now)
    session.commit()
    answer = client.get("/api/agent/config", headers=known)
    assert (answer.status_code, answer.get_json()["version"]) == (200, 8)


def test_where_nothing_is_wanted_or_not_any_more_there_is_none(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    assert client.get("/api/agent/config", headers=agent()).status_code == 404
    now = datetime.now(UTC)
    version = factories.config_version(session, fleet.device, 7)
    want(session, fleet.device, version, expires_at=now - timedelta(seconds=1), now=now - timedelta(hours=1))
    session.commit()
    answer = client.get("/api/agent/config", headers=agent())
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert "goes on with the one it has" in answer.get_json()["detail"]
