"""Who somebody is, and in which tenant they are at work."""

from __future__ import annotations

from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.models.scope import SessionFactory
from tests.control_ui import factories
from tests.control_ui.people.cast import Cast, change


def test_a_tenant_that_is_not_theirs_is_not_there(client: FlaskClient, cast: Cast) -> None:
    headers = factories.headers(cast[Role.ADMIN])
    for slug in ("theirs", "nobody", "OURS", "ours ", "../ours", "x" * 100, "ours\x00", "a'b"):
        answer = client.get("/api/tenants", headers=headers, environ_overrides={"HTTP_X_TENANT": slug})
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json"), slug


def test_what_is_ones_own_does_not_depend_on_the_tenant_one_is_at_work_for(client: FlaskClient, cast: Cast) -> None:
    headers = factories.headers(cast[Role.PLATFORM_ADMIN]) | {"X-Tenant": "ours"}
    assert client.get("/api/me", headers=headers).get_json()["tenant"] is None
    assert client.put("/api/me", json={"name": "Root"}, headers=headers).status_code == 200
    assert client.get("/api/me/sign-ins", headers=headers).status_code == 200


def test_an_account_without_a_tenant_that_is_not_the_platforms_sees_nothing(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    change(sessions, cast[Role.PLATFORM_ADMIN], role=Role.ADMIN)
    answer = client.get("/api/users", headers=factories.headers(cast[Role.PLATFORM_ADMIN]))
    assert answer.status_code == 403
    assert "belongs to no tenant" in answer.get_json()["detail"]


def test_what_is_no_token_of_a_person_opens_nothing(client: FlaskClient) -> None:
    for header in ("Bearer", "Bearer ", "Basic YTpi", "bearer nonsense", "Bearer cw_dt_device"):
        answer = client.get("/api/me", headers={"Authorization": header})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), header
