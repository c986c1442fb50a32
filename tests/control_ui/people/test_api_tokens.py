"""Personal API tokens, over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import ApiToken, User
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services.people import api_tokens
from tests.control_ui import factories
from tests.control_ui.people.cast import Cast, bearing, change, trail


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def create(client: FlaskClient, user: User, *scopes: str, **values: Any) -> TestResponse:
    body = {"name": "nightly report", "scopes": list(scopes), "expires_at": in_days(30)} | values
    return client.post("/api/tokens", json=body, headers=factories.headers(user))


def made(client: FlaskClient, user: User, *scopes: str) -> dict[str, Any]:
    answer = create(client, user, *scopes)
    assert answer.status_code == 201, answer.text
    given: dict[str, Any] = answer.get_json()
    return given


def test_a_token_opens_the_api_as_its_owner(client: FlaskClient, cast: Cast) -> None:
    given = made(client, cast[Role.ADMIN], "fleet:read", "users:manage")
    assert given["token"].startswith("cw_pat_")
    me = client.get("/api/me", headers=bearing(given["token"])).get_json()
    assert (me["user"]["email"], me["kind"]) == ("admin@ours.test", "token")
    assert me["permissions"] == ["fleet:read", "users:manage"]
    assert client.get("/api/users", headers=bearing(given["token"])).status_code == 200


def test_it_is_shown_once_and_kept_as_a_hash(client: FlaskClient, cast: Cast, session: ScopedSession) -> None:
    secret = made(client, cast[Role.ADMIN], "fleet:read")["token"]
    listed = client.get("/api/tokens", headers=factories.headers(cast[Role.ADMIN]))
    assert secret not in listed.text
    assert "sha256" not in listed.text
    row = session.scalars(sa.select(ApiToken)).one()
    assert secret not in str(vars(row))


def test_scopes_narrow_what_the_role_allows(client: FlaskClient, cast: Cast) -> None:
    secret = made(client, cast[Role.ADMIN], "fleet:read")["token"]
    assert client.get("/api/tenants", headers=bearing(secret)).status_code == 200
    assert client.get("/api/users", headers=bearing(secret)).status_code == 403


def test_a_demoted_owner_takes_the_scopes_along(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    secret = made(client, cast[Role.ADMIN], "fleet:read", "users:manage")["token"]
    change(sessions, cast[Role.ADMIN], role=Role.VIEWER)
    assert client.get("/api/users", headers=bearing(secret)).status_code == 403
    assert client.get("/api/me", headers=bearing(secret)).get_json()["permissions"] == ["fleet:read"]


def test_nobody_gives_a_token_what_they_may_not_do(client: FlaskClient, cast: Cast) -> None:
    for role, scope in [(Role.VIEWER, "fleet:operate"), (Role.ADMIN, "platform:manage")]:
        answer = create(client, cast[role], "fleet:read", scope)
        assert answer.status_code == 403
        assert scope in answer.get_json()["detail"]


def test_what_makes_no_sense_is_refused(client: FlaskClient, cast: Cast) -> None:
    nonsense: list[dict[str, Any]] = [
        {"expires_at": in_days(367)},
        {"expires_at": in_days(-1)},
        {"expires_at": "2030-01-01T00:00:00"},
        {"expires_at": "9999-12-31T23:59:59-12:00"},
        {"scopes": []},
        {"scopes": ["fleet:fly"]},
        {"scopes": ["fleet:read"] * 8},
        {"name": " "},
        {"name": "x" * 101},
        {"name": "a\u0000b"},
    ]
    for values in nonsense:
        answer = create(client, cast[Role.ADMIN], "fleet:read", **values)
        assert answer.status_code == 422, values
        assert answer.get_json()["faults"]


def test_an_expired_token_is_refused(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    secret = made(client, cast[Role.ADMIN], "fleet:read")["token"]
    with open_session(sessions, ALL_TENANTS) as session:
        session.execute(sa.update(ApiToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        session.commit()
    answer = client.get("/api/me", headers=bearing(secret))
    assert answer.status_code == 401
    assert "expired" in answer.get_json()["detail"]


def test_a_token_that_is_none_of_ours_is_refused(client: FlaskClient) -> None:
    for secret in ["cw_pat_", "cw_pat_nonsense", "cw_pat_" + "x" * 5000]:
        assert client.get("/api/me", headers=bearing(secret)).status_code == 401


def test_a_revoked_token_is_refused_at_once(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    given = made(client, cast[Role.ADMIN], "fleet:read")
    path, headers = f"/api/tokens/{given['api_token']['id']}", factories.headers(cast[Role.ADMIN])
    assert client.delete(path, headers=headers).status_code == 204
    assert client.get("/api/me", headers=bearing(given["token"])).status_code == 401
    assert client.delete(path, headers=headers).status_code == 204, "twice is like once"
    assert [entry.action for entry in trail(sessions, "token.create", "token.revoke")] == [
        "token.create",
        "token.revoke",
    ]


def test_disabling_the_owner_revokes_the_tokens_for_good(client: FlaskClient, cast: Cast) -> None:
    given = made(client, cast[Role.OPERATOR], "fleet:read")
    path, headers = f"/api/users/{cast[Role.OPERATOR].id}", factories.headers(cast[Role.ADMIN])
    assert client.put(path, json={"disabled": True}, headers=headers).status_code == 200
    assert client.get("/api/me", headers=bearing(given["token"])).status_code == 401
    assert client.put(path, json={"disabled": False}, headers=headers).status_code == 200
    assert client.get("/api/me", headers=bearing(given["token"])).status_code == 401


def test_a_token_makes_and_revokes_no_tokens_and_changes_no_passwords(client: FlaskClient, cast: Cast) -> None:
    given = made(client, cast[Role.ADMIN], "fleet:read", "users:manage")
    headers = bearing(given["token"])
    body = {"name": "another", "scopes": ["fleet:read"], "expires_at": in_days(300)}
    passwords = {"old_password": "x", "new_password": "seventeen quiet kettles"}
    assert client.post("/api/tokens", json=body, headers=headers).status_code == 403
    assert client.delete(f"/api/tokens/{given['api_token']['id']}", headers=headers).status_code == 403
    assert client.post("/api/me/password", json=passwords, headers=headers).status_code == 403
    reset = f"/api/users/{cast[Role.VIEWER].id}/password"
    assert client.post(reset, json={}, headers=headers).status_code == 403


def test_everybody_sees_their_own_and_an_administrator_the_others(client: FlaskClient, cast: Cast) -> None:
    operator, admin = cast[Role.OPERATOR], cast[Role.ADMIN]
    token_id = made(client, operator, "fleet:read")["api_token"]["id"]
    own = client.get("/api/tokens", headers=factories.headers(operator)).get_json()
    assert [token["id"] for token in own["items"]] == [token_id]
    assert client.get("/api/tokens", headers=factories.headers(admin)).get_json()["items"] == []
    of_operator = f"/api/tokens?user_id={operator.id}"
    assert client.get(of_operator, headers=factories.headers(admin)).get_json() == own
    assert client.get(of_operator, headers=factories.headers(cast[Role.VIEWER])).status_code == 403
    assert client.get(of_operator, headers=factories.headers(cast.stranger)).status_code == 404


def test_others_cannot_revoke_it_but_their_administrator_can(client: FlaskClient, cast: Cast) -> None:
    path = f"/api/tokens/{made(client, cast[Role.OPERATOR], 'fleet:read')['api_token']['id']}"
    assert client.delete(path, headers=factories.headers(cast[Role.VIEWER])).status_code == 404
    assert client.delete(path, headers=factories.headers(cast.stranger)).status_code == 404
    assert client.delete(path, headers=factories.headers(cast[Role.ADMIN])).status_code == 204


def test_a_platform_administrators_token_is_theirs_whatever_tenant_they_are_at_work_for(
    client: FlaskClient, cast: Cast
) -> None:
    headers = factories.headers(cast[Role.PLATFORM_ADMIN]) | {"X-Tenant": "ours"}
    body = {"name": "n", "scopes": ["fleet:read", "platform:manage"], "expires_at": in_days(1)}
    secret = client.post("/api/tokens", json=body, headers=headers).get_json()["token"]
    tenants = client.get("/api/tenants", headers=bearing(secret)).get_json()["items"]
    assert {tenant["slug"] for tenant in tenants} == {"ours", "theirs"}
    narrowed = client.get("/api/tenants", headers=bearing(secret) | {"X-Tenant": "ours"}).get_json()["items"]
    assert {tenant["slug"] for tenant in narrowed} == {"ours"}


def test_the_time_of_use_is_kept_and_written_once_a_minute(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    secret = made(client, cast[Role.ADMIN], "fleet:read")["token"]
    now, seen = datetime.now(UTC), []
    for seconds in (0, 59, 60, 61):
        with open_session(sessions, ALL_TENANTS) as session:
            api_tokens.read(session, secret, now + timedelta(seconds=seconds))
        with open_session(sessions, ALL_TENANTS) as session:
            seen.append(session.scalars(sa.select(ApiToken.last_used_at)).one())
    assert seen == [now, now, now + timedelta(seconds=60), now + timedelta(seconds=60)]


def test_there_is_a_most(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MOST_PER_PERSON", 2)
    first = made(client, cast[Role.ADMIN], "fleet:read")["api_token"]["id"]
    made(client, cast[Role.ADMIN], "fleet:read")
    assert create(client, cast[Role.ADMIN], "fleet:read").status_code == 409
    client.delete(f"/api/tokens/{first}", headers=factories.headers(cast[Role.ADMIN]))
    assert create(client, cast[Role.ADMIN], "fleet:read").status_code == 201
