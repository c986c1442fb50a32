"""Tenants and their settings, over the API."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import User
from control_ui.models.people import Role
from control_ui.models.scope import SessionFactory
from tests.control_ui import factories
from tests.control_ui.people.cast import Cast, trail


def put(client: FlaskClient, cast: Cast, actor: User, version: int = 1, **body: Any) -> TestResponse:
    headers = factories.headers(actor) | {"If-Match": f'"{version}"'}
    return client.put(f"/api/tenants/{cast.tenant.id}", json=body, headers=headers)


def test_a_platform_administrator_makes_a_tenant(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    headers = factories.headers(cast[Role.PLATFORM_ADMIN])
    body = {"slug": "clean-cars", "name": "Clean Cars", "timezone": "Europe/Berlin", "requires_approval": True}
    answer = client.post("/api/tenants", json=body, headers=headers)
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert body.items() <= answer.get_json().items()
    assert client.post("/api/tenants", json=body, headers=headers).status_code == 409
    (entry,) = trail(sessions, "tenant.create")
    assert entry.chain == f"tenant:{answer.get_json()['id']}"


def test_nobody_else_does(client: FlaskClient, cast: Cast) -> None:
    for role in [Role.VIEWER, Role.OPERATOR, Role.AUDITOR, Role.ADMIN]:
        body = {"slug": "mine", "name": "Mine"}
        assert client.post("/api/tenants", json=body, headers=factories.headers(cast[role])).status_code == 403


def test_what_makes_no_sense_is_refused(client: FlaskClient, cast: Cast) -> None:
    for body in [
        {"slug": "-x"},
        {"slug": "Upper"},
        {"slug": "x" * 64},
        {"slug": "a/b"},
        {"name": ""},
        {"timezone": "nowhere"},
    ]:
        headers = factories.headers(cast[Role.PLATFORM_ADMIN])
        answer = client.post("/api/tenants", json={"slug": "fine", "name": "Fine"} | body, headers=headers)
        assert answer.status_code == 422, body


def test_everybody_sees_their_own_tenant_and_the_platform_all(client: FlaskClient, cast: Cast) -> None:
    def slugs(user: User) -> set[str]:
        page = client.get("/api/tenants", headers=factories.headers(user)).get_json()
        return {tenant["slug"] for tenant in page["items"]}

    assert slugs(cast[Role.VIEWER]) == {"ours"}
    assert slugs(cast[Role.PLATFORM_ADMIN]) == {"ours", "theirs"}
    other = f"/api/tenants/{cast.stranger.tenant_id}"
    assert client.get(other, headers=factories.headers(cast[Role.ADMIN])).status_code == 404
    assert client.get(other, headers=factories.headers(cast.stranger)).headers["ETag"] == '"1"'


def test_its_administrator_changes_name_and_time_zone(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    answer = put(client, cast, cast[Role.ADMIN], name="New name", reason="merger")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert (answer.get_json()["name"], answer.get_json()["timezone"]) == ("New name", "UTC")
    (entry,) = trail(sessions, "tenant.update")
    assert (entry.before["name"], entry.after["name"], entry.reason) == ("Ours", "New name", "merger")  # type: ignore[index]


def test_of_two_who_change_it_at_once_the_second_is_told(client: FlaskClient, cast: Cast) -> None:
    assert put(client, cast, cast[Role.ADMIN], version=1, name="First").status_code == 200
    assert put(client, cast, cast[Role.ADMIN], version=1, name="Second").status_code == 412
    assert put(client, cast, cast[Role.ADMIN], version=2, name="Second").status_code == 200


def test_a_change_to_what_it_is_already_leaves_no_trace(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    assert put(client, cast, cast[Role.ADMIN], name="Ours", requires_approval=False).headers["ETag"] == '"1"'
    assert trail(sessions, "tenant.update") == []


def test_its_administrator_switches_approvals_on_and_only_the_platform_off(client: FlaskClient, cast: Cast) -> None:
    assert put(client, cast, cast[Role.ADMIN], requires_approval=True).status_code == 200
    assert put(client, cast, cast[Role.ADMIN], version=2, requires_approval=False).status_code == 403
    off = put(client, cast, cast[Role.PLATFORM_ADMIN], version=2, requires_approval=False)
    assert off.get_json()["requires_approval"] is False


def test_only_the_platform_says_how_long_is_kept_what_happened(client: FlaskClient, cast: Cast) -> None:
    platform = cast[Role.PLATFORM_ADMIN]
    for version, field in enumerate(("log_retention_days", "event_retention_days", "sample_retention_days"), start=1):
        refused = put(client, cast, cast[Role.ADMIN], version, **{field: 1})
        assert refused.status_code == 403
        assert field in refused.get_json()["detail"]
        for nonsense in (0, 3651, "many"):
            assert put(client, cast, platform, version, **{field: nonsense}).status_code == 422, (field, nonsense)
        assert put(client, cast, platform, version, **{field: 365}).get_json()[field] == 365


def test_who_does_not_manage_people_changes_nothing(client: FlaskClient, cast: Cast) -> None:
    for role in [Role.VIEWER, Role.OPERATOR, Role.AUDITOR]:
        assert put(client, cast, cast[role], name="x").status_code == 403


def test_the_slug_never_changes_and_another_tenant_is_not_there(client: FlaskClient, cast: Cast) -> None:
    assert put(client, cast, cast[Role.PLATFORM_ADMIN], slug="other").status_code == 422
    assert put(client, cast, cast.stranger, name="x").status_code == 404
