"""Rotating and revoking device tokens."""

from __future__ import annotations

import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import AuditEntry
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories
from tests.control_ui.devices.conftest import TOKEN, Fleet, agent, report


def status(client: FlaskClient, token: str) -> int:
    return client.post("/api/agent/checkin", json=report(), headers=agent(token)).status_code


def rotate(client: FlaskClient, fleet: Fleet) -> str:
    answer = client.post(f"/api/devices/{fleet.device.id}/token/rotate", json={}, headers=fleet.headers())
    assert answer.status_code == 201
    return str(answer.get_json()["device_token"])


def test_the_old_token_is_taken_until_the_new_one_is_first_shown(client: FlaskClient, fleet: Fleet) -> None:
    fresh = rotate(client, fleet)
    shown = client.get(f"/api/devices/{fleet.device.id}", headers=fleet.headers()).get_json()
    assert shown["token"] == "being rotated"
    assert [status(client, token) for token in (TOKEN, TOKEN, fresh, TOKEN, fresh)] == [200, 200, 200, 401, 200]


def test_a_new_token_that_got_lost_can_be_made_anew_without_locking_the_pi_out(
    client: FlaskClient, fleet: Fleet
) -> None:
    lost, fresh = rotate(client, fleet), rotate(client, fleet)
    assert [status(client, token) for token in (lost, TOKEN, fresh, TOKEN)] == [401, 200, 200, 401]


def test_rotating_does_not_get_in_the_way_of_who_edits_the_device(client: FlaskClient, fleet: Fleet) -> None:
    path = f"/api/devices/{fleet.device.id}"
    etag = client.get(path, headers=fleet.headers()).headers["ETag"]
    rotate(client, fleet)
    answer = client.put(path, json={"ring": "early"}, headers=fleet.headers(If_Match=etag))
    assert answer.status_code == 200


def test_a_device_without_a_token_has_none_to_rotate(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    device = factories.device(session, fleet.tenant, "wash-9")
    session.commit()
    answer = client.post(f"/api/devices/{device.id}/token/rotate", json={}, headers=fleet.headers())
    assert answer.status_code == 409
    assert "enrolment token" in answer.get_json()["detail"]


def test_a_revoked_device_is_shut_out_at_once_with_all_its_tokens(client: FlaskClient, fleet: Fleet) -> None:
    path = f"/api/devices/{fleet.device.id}"
    fresh = rotate(client, fleet)
    issued = client.post(f"{path}/enrolment-token", json={}, headers=fleet.headers()).get_json()["enrolment_token"]
    for _ in range(2):
        assert client.post(f"{path}/token/revoke", json={}, headers=fleet.headers()).status_code == 204
    assert [status(client, token) for token in (TOKEN, fresh)] == [401, 401]
    answer = client.post("/api/devices/register", json={"device_id": "wash-1", "enrolment_token": issued})
    assert (answer.status_code, "revoked at" in answer.get_json()["detail"]) == (410, True)
    assert client.get(path, headers=fleet.headers()).get_json()["token"] == "none"


def test_the_trail_tells_of_tokens_and_holds_none(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    fresh = rotate(client, fleet)
    status(client, fresh)
    path = f"/api/devices/{fleet.device.id}/token/revoke"
    client.post(path, json={"reason": "stolen"}, headers=fleet.headers())
    entries = list(session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))
    assert [(entry.action, entry.actor_kind, entry.reason) for entry in entries] == [
        ("device.rotate_token", "user", ""),
        ("device.retire_token", "device", ""),
        ("device.revoke_token", "user", "stolen"),
    ]
    assert fresh not in str([(entry.before, entry.after) for entry in entries])
