"""The people of a tenant, over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import User
from control_ui.models.people import Role
from control_ui.models.scope import SessionFactory
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

NEW = {"email": "Grace@Ours.test", "name": "Grace", "role": "operator", "timezone": "Europe/Paris", "reason": "hired"}


def post(client: FlaskClient, actor: User, path: str, body: dict[str, Any], **headers: str) -> TestResponse:
    return client.post(path, json=body, headers=factories.headers(actor) | headers)


def put(client: FlaskClient, actor: User, user: User, **body: Any) -> TestResponse:
    return client.put(f"/api/users/{user.id}", json=body, headers=factories.headers(actor))


def test_a_new_account_comes_with_a_one_time_password(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    answer = post(client, cast[Role.ADMIN], "/api/users", NEW)
    given = answer.get_json()
    assert answer.status_code == 201
    assert (given["user"]["email"], given["user"]["tenant_id"]) == ("grace@ours.test", cast.tenant.id)
    assert login(client, "grace@ours.test", given["one_time_password"]).status_code == 200
    (entry,) = trail(sessions, "user.create")
    assert (entry.subject_name, entry.reason, entry.actor_name) == ("grace@ours.test", "hired", "admin@ours.test")
    assert given["one_time_password"] not in str(vars(entry))


def test_with_a_one_time_password_one_can_do_nothing_but_replace_it(client: FlaskClient, cast: Cast) -> None:
    one_time = post(client, cast[Role.ADMIN], "/api/users", NEW).get_json()["one_time_password"]
    headers = bearing(login(client, "grace@ours.test", one_time).get_json()["access_token"])
    for path in ("/api/tenants", "/api/tokens", "/api/me/sign-ins"):
        refused = client.get(path, headers=headers)
        assert refused.status_code == 403
        assert "one-time" in refused.get_json()["detail"]
    assert client.get("/api/me", headers=headers).get_json()["user"]["password_expires_at"] is not None
    body = {"old_password": one_time, "new_password": OTHER_PASSWORD}
    assert client.post("/api/me/password", json=body, headers=headers).status_code == 204
    headers = bearing(login(client, "grace@ours.test", OTHER_PASSWORD).get_json()["access_token"])
    assert client.get("/api/tenants", headers=headers).status_code == 200


def test_an_address_has_one_account_in_all_tenants(client: FlaskClient, cast: Cast) -> None:
    for email in ("viewer@ours.test", "VIEWER@ours.test", "stranger@theirs.test"):
        assert post(client, cast[Role.ADMIN], "/api/users", NEW | {"email": email}).status_code == 409


def test_what_makes_no_sense_is_refused(client: FlaskClient, cast: Cast) -> None:
    for values in [
        {"email": "no address"},
        {"email": "a" * 250 + "@b.test"},
        {"email": "a\u0000@b.test"},
        {"name": ""},
        {"name": "x" * 101},
        {"role": "emperor"},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"password": "chosen by somebody else"},
    ]:
        answer = post(client, cast[Role.ADMIN], "/api/users", NEW | values)
        assert answer.status_code == 422, values
        assert answer.get_json()["faults"][0]["path"] == f"$.{next(iter(values))}"


def test_who_does_not_manage_people_neither_sees_nor_changes_them(client: FlaskClient, cast: Cast) -> None:
    for role in [Role.VIEWER, Role.OPERATOR, Role.AUDITOR]:
        assert client.get("/api/users", headers=factories.headers(cast[role])).status_code == 403
        assert post(client, cast[role], "/api/users", NEW).status_code == 403
        assert put(client, cast[role], cast[role], role="admin").status_code == 403


def test_an_administrator_makes_no_platform_administrator(client: FlaskClient, cast: Cast) -> None:
    admin = cast[Role.ADMIN]
    assert post(client, admin, "/api/users", NEW | {"role": "platform_admin"}).status_code == 403
    assert put(client, admin, cast[Role.VIEWER], role="platform_admin").status_code == 403


def test_a_platform_administrator_makes_another_and_tenants_first_administrator(
    client: FlaskClient, cast: Cast
) -> None:
    platform = cast[Role.PLATFORM_ADMIN]
    as_platform = NEW | {"role": "platform_admin"}
    assert post(client, platform, "/api/users", as_platform, **{"X-Tenant": "ours"}).status_code == 422
    assert post(client, platform, "/api/users", as_platform).get_json()["user"]["tenant_id"] is None
    as_admin = NEW | {"email": "first@theirs.test", "role": "admin"}
    assert post(client, platform, "/api/users", as_admin).status_code == 422, "for which tenant?"
    made = post(client, platform, "/api/users", as_admin, **{"X-Tenant": "theirs"}).get_json()
    assert made["user"]["tenant_id"] == cast.stranger.tenant_id


def test_an_account_stays_in_its_tenant_or_with_the_platform(client: FlaskClient, cast: Cast) -> None:
    platform = cast[Role.PLATFORM_ADMIN]
    assert put(client, platform, cast[Role.VIEWER], role="platform_admin").status_code == 422


def test_nobody_changes_their_own_role_or_disables_themselves(client: FlaskClient, cast: Cast) -> None:
    admin = cast[Role.ADMIN]
    assert put(client, admin, admin, role="viewer").status_code == 403
    assert put(client, admin, admin, disabled=True).status_code == 403
    assert put(client, admin, admin, name="New name", role="admin").status_code == 200, "the role it has is no change"


def test_a_token_gives_no_role_beyond_its_scopes(client: FlaskClient, cast: Cast) -> None:
    body = {"name": "n", "scopes": ["users:manage", "fleet:read"]}
    body["expires_at"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    secret = post(client, cast[Role.ADMIN], "/api/tokens", body).get_json()["token"]
    assert client.post("/api/users", json=NEW, headers=bearing(secret)).status_code == 403
    as_viewer = NEW | {"role": "viewer"}
    assert client.post("/api/users", json=as_viewer, headers=bearing(secret)).status_code == 201


def test_only_what_is_given_changes_and_the_trail_shows_both_sides(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    changed = put(client, cast[Role.ADMIN], cast[Role.VIEWER], role="auditor", reason="audit week").get_json()
    assert (changed["role"], changed["name"]) == ("auditor", "A viewer")
    (entry,) = trail(sessions, "user.update")
    assert (entry.before["role"], entry.after["role"], entry.reason) == ("viewer", "auditor", "audit week")  # type: ignore[index]
    put(client, cast[Role.ADMIN], cast[Role.VIEWER], role="auditor")
    assert len(trail(sessions, "user.update")) == 1, "nothing changed"


def test_disabling_ends_every_session_at_once(client: FlaskClient, cast: Cast) -> None:
    given = tokens(client, cast[Role.VIEWER])
    assert put(client, cast[Role.ADMIN], cast[Role.VIEWER], disabled=True).get_json()["disabled_at"] is not None
    assert client.get("/api/me", headers=bearing(given["access_token"])).status_code == 401
    assert client.post("/auth/refresh", json={"refresh_token": given["refresh_token"]}).status_code == 401
    assert login(client, "viewer@ours.test").status_code == 401
    assert put(client, cast[Role.ADMIN], cast[Role.VIEWER], disabled=False).status_code == 200
    assert client.post("/auth/refresh", json={"refresh_token": given["refresh_token"]}).status_code == 401
    assert login(client, "viewer@ours.test").status_code == 200


def test_a_reset_gives_a_one_time_password_ends_sessions_and_unlocks(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    given = tokens(client, cast[Role.VIEWER])
    for number in range(5):
        login(client, "viewer@ours.test", "wrong", address=f"192.0.2.{number}")
    assert login(client, "viewer@ours.test").status_code == 429
    path = f"/api/users/{cast[Role.VIEWER].id}/password"
    answer = post(client, cast[Role.ADMIN], path, {"reason": "forgotten"})
    one_time = answer.get_json()["one_time_password"]
    assert answer.status_code == 200
    assert client.get("/api/me", headers=bearing(given["access_token"])).status_code == 401
    assert login(client, "viewer@ours.test", PASSWORD).status_code == 401
    assert login(client, "viewer@ours.test", one_time).status_code == 200
    expires = fresh(sessions, cast[Role.VIEWER]).password_expires_at
    assert expires is not None
    assert timedelta(days=2) < expires - datetime.now(UTC) <= timedelta(days=3)
    assert trail(sessions, "user.reset_password")[0].reason == "forgotten"


def test_ones_own_password_is_not_reset_but_changed(client: FlaskClient, cast: Cast) -> None:
    path = f"/api/users/{cast[Role.ADMIN].id}/password"
    assert post(client, cast[Role.ADMIN], path, {}).status_code == 403


def test_ending_sessions_ends_them_all_and_no_tokens(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    operator = cast[Role.OPERATOR]
    given = [tokens(client, operator) for _ in range(2)]
    body = {"name": "n", "scopes": ["fleet:read"], "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    secret = post(client, operator, "/api/tokens", body).get_json()["token"]
    path = f"/api/users/{operator.id}/end-sessions"
    assert post(client, cast[Role.ADMIN], path, {"reason": "lost laptop"}).status_code == 204
    for one in given:
        assert client.get("/api/me", headers=bearing(one["access_token"])).status_code == 401
        assert client.post("/auth/refresh", json={"refresh_token": one["refresh_token"]}).status_code == 401
    assert client.get("/api/me", headers=bearing(secret)).status_code == 200
    assert trail(sessions, "user.end_sessions")[0].reason == "lost laptop"


def test_people_of_another_tenant_are_not_there(client: FlaskClient, cast: Cast) -> None:
    admin, path = cast[Role.ADMIN], f"/api/users/{cast.stranger.id}"
    assert client.get(path, headers=factories.headers(admin)).status_code == 404
    assert put(client, admin, cast.stranger, name="x").status_code == 404
    assert post(client, admin, f"{path}/password", {}).status_code == 404
    assert post(client, admin, f"{path}/end-sessions", {}).status_code == 404
    assert put(client, admin, cast[Role.PLATFORM_ADMIN], disabled=True).status_code == 404


def test_people_are_listed_by_page_and_found_by_name_role_and_state(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    change(sessions, cast[Role.VIEWER], disabled_at=datetime.now(UTC))
    headers = factories.headers(cast[Role.ADMIN])

    def listed(query: str) -> list[str]:
        page = client.get(f"/api/users?{query}", headers=headers).get_json()
        return [user["email"].partition("@")[0] for user in page["items"]]

    first = client.get("/api/users?limit=3", headers=headers).get_json()
    assert len(first["items"]) == 3
    assert len(listed(f"limit=3&cursor={first['next']}")) == 1
    assert listed("search=OPER") == ["operator"]
    assert listed("search=%25") == []
    assert listed("role=auditor") == ["auditor"]
    assert listed("disabled=true") == ["viewer"]
    assert set(listed("disabled=false")) == {"operator", "admin", "auditor"}
    assert client.get("/api/users?search=%00", headers=headers).status_code == 422
