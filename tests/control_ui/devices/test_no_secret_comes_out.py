"""A camera password that was planted everywhere it can be planted appears in no answer and nowhere in the database in
clear."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import want
from tests.control_ui import factories
from tests.control_ui.devices.conftest import PASSWORD, Fleet, agent, report
from tests.control_ui.secrets_hunt import everything_in, traces_of

PLACES = ("", "/status", "/logs", "/actions")


def test_a_planted_password_is_found_nowhere(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    device = fleet.device
    want(session, device, factories.config_version(session, device, 7), expires_at=None, now=datetime.now(UTC))
    session.commit()
    path = f"/api/devices/{device.id}"
    action = client.post(f"{path}/actions", json={"kind": "diagnose"}, headers=fleet.headers()).get_json()
    url = f"rtsp://viewer:{PASSWORD}@192.0.2.10/"
    sent = report(
        stream={"status": "disconnected", "last_error": {"reason": "refused", "detail": f"{url} {PASSWORD}"}},
        status={
            "snapshot": None,
            "conditions": [{"name": f"of {PASSWORD}", "detail": PASSWORD}],
            "pull": {"desired_version": 7, "reason": f"refused: {url}"},
            "last_apply": {"result": "refused", "new_version": 7, "after": {"rtsp_url": url}},
            PASSWORD: url,
        },
        logs=[{"id": "1", "at": "2026-03-04T05:00:00Z", "unit": PASSWORD, "message": f"trying {url} with {PASSWORD}"}],
        action_results=[{"id": action["id"], "result": "ok", "detail": {"text": PASSWORD, "url": url}}],
    )
    assert client.post("/api/agent/checkin", json=sent, headers=agent()).status_code == 200
    answers = [client.get(path + place, headers=fleet.headers()).text for place in PLACES]
    answers += [
        client.get(place, headers=fleet.headers()).text for place in ("/api/devices", "/api/sites", "/api/groups")
    ]
    answers.append(client.get("/api/inventory", headers=fleet.headers(Role.OPERATOR)).text)
    assert traces_of(PASSWORD, *answers, caplog.text) == []
    assert traces_of(PASSWORD, everything_in(session)) == []


def test_a_refused_body_is_not_quoted(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/api/devices/{fleet.device.id}"
    headers = fleet.headers(If_Match='"1"')
    body = {"camera_password": f"{PASSWORD}\n", "labels": {"a": PASSWORD}, "camera_user": f"{PASSWORD}\n"}
    answers = [
        client.put(path, json=body, headers=headers),
        client.post("/api/devices/register", json={"device_id": "wash-1", "enrolment_token": PASSWORD}),
        client.post("/api/devices/register", json={"device_id": "wash-1", "enrolment_token": 7, "x": PASSWORD}),
    ]
    assert [answer.status_code for answer in answers] == [422, 401, 422]
    assert traces_of(PASSWORD, *(answer.text for answer in answers), caplog.text, everything_in(session)) == []
