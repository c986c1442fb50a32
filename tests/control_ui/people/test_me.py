"""One's own account, over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import SignIn
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.people import passwords
from tests.control_ui import factories
from tests.control_ui.people.cast import (
    OTHER_PASSWORD,
    PASSWORD,
    Cast,
    bearing,
    change,
    fresh,
    login,
    tokens,
    trail,
)


def change_password(client: FlaskClient, token: str, old: str, new: str) -> TestResponse:
    body = {"old_password": old, "new_password": new}
    return client.post("/api/me/password", json=body, headers=bearing(token))


def test_a_platform_administrator_belongs_to_no_tenant(client: FlaskClient, cast: Cast) -> None:
    me = client.get("/api/me", headers=factories.headers(cast[Role.PLATFORM_ADMIN])).get_json()
    assert me["tenant"] is None
    assert "platform:manage" in me["permissions"]


@pytest.mark.parametrize("role", list(Role))
def test_everybody_changes_their_own_name_and_time_zone(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, role: Role
) -> None:
    headers = factories.headers(cast[role])
    answer = client.put("/api/me", json={"timezone": "Asia/Tokyo"}, headers=headers)
    assert answer.get_json()["user"]["timezone"] == "Asia/Tokyo"
    assert answer.get_json()["user"]["name"] == f"A {role}"
    assert client.put("/api/me", json={}, headers=headers).status_code == 200
    assert len(trail(sessions, "user.update")) == 1


def test_nothing_else_of_it_can_be_changed(client: FlaskClient, cast: Cast) -> None:
    for body in [{"role": "admin"}, {"timezone": "nowhere"}, {"name": ""}, {"email": "x@y.test"}]:
        headers = factories.headers(cast[Role.VIEWER])
        assert client.put("/api/me", json=body, headers=headers).status_code == 422


def test_a_changed_password_ends_every_session_this_one_too(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    this, other = tokens(client, cast[Role.VIEWER]), tokens(client, cast[Role.VIEWER])
    assert change_password(client, this["access_token"], PASSWORD, OTHER_PASSWORD).status_code == 204
    for one in (this, other):
        assert client.get("/api/me", headers=bearing(one["access_token"])).status_code == 401
        assert client.post("/auth/refresh", json={"refresh_token": one["refresh_token"]}).status_code == 401
    assert login(client, "viewer@ours.test", PASSWORD).status_code == 401
    assert login(client, "viewer@ours.test", OTHER_PASSWORD).status_code == 200
    assert [entry.outcome for entry in trail(sessions, "user.change_password")] == ["ok"]


def test_a_new_password_that_will_not_do_is_refused_with_the_reason(client: FlaskClient, cast: Cast) -> None:
    for new, words in [
        ("short", "at least 12"),
        ("password1234", "tried first"),
        ("viewer@ours.test", "must not contain"),
        ("everything ours.test viewer", "must not contain"),
        (PASSWORD, "must differ"),
    ]:
        token = tokens(client, cast[Role.VIEWER])["access_token"]
        answer = change_password(client, token, PASSWORD, new)
        assert answer.status_code == 422
        assert {fault["path"] for fault in answer.get_json()["faults"]} == {"$.new_password"}
        assert words in answer.text
        assert client.get("/api/me", headers=bearing(token)).status_code == 200, "nothing has changed"


def test_a_wrong_old_password_changes_nothing_and_counts_as_a_failed_try(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    token = tokens(client, cast[Role.VIEWER])["access_token"]
    for _ in range(5):
        answer = change_password(client, token, "not this one at all", OTHER_PASSWORD)
        assert answer.status_code == 422
        assert answer.get_json()["faults"][0]["path"] == "$.old_password"
    assert change_password(client, token, PASSWORD, OTHER_PASSWORD).status_code == 429
    assert fresh(sessions, cast[Role.VIEWER]).password_hash == cast[Role.VIEWER].password_hash
    entries = trail(sessions, "user.change_password")
    assert [entry.outcome for entry in entries] == ["refused"] * 5
    assert "locked" in entries[-1].reason


def test_a_password_that_was_reset_meanwhile_stays_so(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tokens(client, cast[Role.VIEWER])["access_token"]
    hashed = passwords.hashed

    def slow(password: str) -> str:
        change(sessions, cast[Role.VIEWER], password_hash="!")
        return hashed(password)

    monkeypatch.setattr(passwords, "hashed", slow)
    assert change_password(client, token, PASSWORD, OTHER_PASSWORD).status_code == 409
    assert fresh(sessions, cast[Role.VIEWER]).password_hash == "!"


def test_sign_ins_that_are_open_are_listed_with_what_happened_at_the_door(client: FlaskClient, cast: Cast) -> None:
    login(client, "viewer@ours.test", "wrong", address="198.51.100.9")
    client.post("/auth/login", json={"email": "viewer@ours.test", "password": PASSWORD}, headers={"User-Agent": "curl"})
    login(client, "operator@ours.test")
    given = tokens(client, cast[Role.VIEWER])
    seen = client.get("/api/me/sign-ins", headers=bearing(given["access_token"])).get_json()
    assert [row["user_agent"] for row in seen["open"]][1] == "curl"
    assert [(row["action"], row["outcome"]) for row in seen["history"]] == [
        ("session.sign_in", "ok"),
        ("session.sign_in", "ok"),
        ("session.sign_in", "refused"),
    ]
    assert seen["history"][-1]["remote_address"] == "198.51.100.9"


def test_one_sign_in_can_be_ended_from_another(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    lost, here = tokens(client, cast[Role.VIEWER]), tokens(client, cast[Role.VIEWER])
    headers = bearing(here["access_token"])
    lost_id = client.get("/api/me/sign-ins", headers=headers).get_json()["open"][-1]["id"]
    assert client.delete(f"/api/me/sign-ins/{lost_id}", headers=headers).status_code == 204
    assert client.get("/api/me", headers=bearing(lost["access_token"])).status_code == 401
    assert client.get("/api/me", headers=headers).status_code == 200
    assert [row["id"] for row in client.get("/api/me/sign-ins", headers=headers).get_json()["open"]] != [lost_id]
    assert client.delete(f"/api/me/sign-ins/{lost_id}", headers=headers).status_code == 204
    assert len(trail(sessions, "session.sign_out")) == 1


def test_somebody_elses_sign_in_is_not_there(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    tokens(client, cast[Role.OPERATOR])
    with open_session(sessions, ALL_TENANTS) as session:
        theirs = session.scalars(sa.select(SignIn.id)).one()
    for role in (Role.VIEWER, Role.ADMIN, Role.PLATFORM_ADMIN):
        headers = factories.headers(cast[role])
        assert client.delete(f"/api/me/sign-ins/{theirs}", headers=headers).status_code == 404


def test_what_has_expired_is_not_listed_as_open(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    given = tokens(client, cast[Role.VIEWER])
    with open_session(sessions, ALL_TENANTS) as session:
        session.execute(sa.update(SignIn).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        session.commit()
    seen = client.get("/api/me/sign-ins", headers=bearing(given["access_token"])).get_json()
    assert seen["open"] == []
