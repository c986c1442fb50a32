"""Users, tenants, API tokens, and one's own account, by way of their pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from control_ui.models import ApiToken, Tenant, User
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui.pages.administration.conftest import House, Visitor
from tests.control_ui.pages.browser import sign_in, signed_in, submit
from tests.control_ui.people.cast import Cast, fresh, trail

Visit = Callable[[Role | str], Visitor]
SECRET = re.compile(r'<p class="secret"><code>([^<]+)</code>')
NEW = {"email": "Ada@Ours.test", "name": "Ada", "role": "operator", "timezone": "America/Chicago", "reason": "hired"}


def shown_once(text: str) -> str:
    found = SECRET.search(text)
    assert found
    return found[1]


def test_a_new_person_gets_a_one_time_password_that_opens_the_door_once(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = visit(Role.ADMIN)
    answer = visitor.post("/administration/users/new", **NEW)
    assert answer.status_code == 200
    password = shown_once(answer.text)
    assert password not in visitor.get("/administration/users").text
    client = app.test_client()
    submit(client, "/login", email="ada@ours.test", password=password)
    assert client.get("/").headers["Location"] == "/password"


@pytest.mark.parametrize(
    ("field", "entered", "words"),
    [
        ("email", "no address", "such as name@example.com"),
        ("name", "", "Enter a name"),
        ("timezone", "Moon/Base", "such as America/Chicago"),
        ("role", "emperor", "Choose a role"),
    ],
)
def test_what_is_not_right_is_said_at_its_field_and_the_rest_stays(
    visit: Visit, field: str, entered: str, words: str
) -> None:
    answer = visit(Role.ADMIN).post("/administration/users/new", **{**NEW, field: entered})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-fault">[^<]*{words}', answer.text)
    kept = {"email": "Ada@Ours.test", "name": "Ada", "timezone": "America/Chicago", "reason": "hired"}
    for name, value in {**kept, **({field: entered} if field in kept else {})}.items():
        assert f'id="{name}" name="{name}"' in answer.text
        assert f'value="{value}"' in answer.text


def test_an_address_that_has_an_account_is_said_above_the_form(visit: Visit) -> None:
    answer = visit(Role.ADMIN).post("/administration/users/new", **{**NEW, "email": "viewer@ours.test"})
    assert answer.status_code == 409
    assert "there is one with this address" in answer.text


def test_a_role_is_changed_and_counts_at_once(visit: Visit, cast: Cast, sessions: SessionFactory) -> None:
    user, visitor = cast[Role.VIEWER], visit(Role.ADMIN)
    theirs = visit(Role.VIEWER)
    answer = visitor.post(
        f"/administration/users/{user.id}/edit", name="Vi", role="auditor", timezone="UTC", reason="promoted"
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/administration/users/{user.id}")
    assert fresh(sessions, user).role == Role.AUDITOR
    assert theirs.get("/audit").status_code == 200
    assert [entry.reason for entry in trail(sessions, "user.update")] == ["promoted"]


def test_the_last_administrator_stays_one(visit: Visit, cast: Cast, sessions: SessionFactory) -> None:
    user = cast[Role.ADMIN]
    answer = visit(Role.PLATFORM_ADMIN).post(f"/administration/users/{user.id}/disable", reason="gone")
    assert answer.status_code == 409
    assert "the last administrator" in answer.text
    assert 'value="gone"' in answer.text
    assert fresh(sessions, user).disabled_at is None


def test_disabling_resetting_and_ending_sessions_put_somebody_out(
    app: Flask, visit: Visit, cast: Cast, sessions: SessionFactory
) -> None:
    user, visitor = cast[Role.OPERATOR], visit(Role.ADMIN)
    for what in ("end-sessions", "reset", "disable"):
        client = app.test_client()
        sign_in(client, user)
        assert signed_in(client)
        answer = visitor.post(f"/administration/users/{user.id}/{what}", reason="lost telephone")
        assert answer.status_code in (200, 303)
        assert not signed_in(client)
        if what == "reset":
            assert len(shown_once(answer.text)) > 20
            with open_session(sessions, ALL_TENANTS) as session:
                row = session.get_one(User, user.id)
                row.password_hash, row.password_expires_at = user.password_hash, None
                session.commit()
    assert visitor.post(f"/administration/users/{user.id}/enable").status_code == 303
    assert fresh(sessions, user).disabled_at is None


def test_nobody_changes_their_own_role_or_finds_a_button_for_it(visit: Visit, cast: Cast) -> None:
    visitor, mine = visit(Role.ADMIN), f"/administration/users/{cast[Role.ADMIN].id}"
    assert "Another administrator" in visitor.get(mine).text
    assert f"{mine}/disable" not in visitor.get(mine).text
    assert visitor.post(f"{mine}/disable").status_code == 403


def test_a_tenants_administrator_switches_four_eyes_on_and_not_off(
    visit: Visit, cast: Cast, sessions: SessionFactory
) -> None:
    path, visitor = f"/administration/tenants/{cast.tenant.id}/edit", visit(Role.ADMIN)
    assert "retention_days" not in visitor.get(path).text
    fields = {"row_version": "1", "name": "Ours", "timezone": "UTC"}
    assert visitor.post(path, **fields, requires_approval=["0", "1"]).status_code == 303
    fields["row_version"] = "2"
    assert visitor.post(path, **fields, requires_approval="0").status_code == 403
    assert visitor.post(path, **fields, event_retention_days="1").status_code == 403
    with open_session(sessions, ALL_TENANTS) as session:
        tenant = session.get_one(Tenant, cast.tenant.id)
        assert (tenant.requires_approval, tenant.event_retention_days) == (True, 90)


def test_settings_that_somebody_else_changed_meanwhile_are_not_overwritten(visit: Visit, cast: Cast) -> None:
    path, visitor = f"/administration/tenants/{cast.tenant.id}/edit", visit(Role.PLATFORM_ADMIN)
    fields = {"row_version": "1", "timezone": "UTC", "event_retention_days": "30"}
    assert visitor.post(path, **fields, name="First").status_code == 303
    answer = visitor.post(path, **fields, name="Second")
    assert answer.status_code == 412
    assert "changed by somebody else" in answer.text
    assert 'value="Second"' in answer.text


def test_the_platform_makes_a_tenant_and_goes_into_it(visit: Visit, sessions: SessionFactory) -> None:
    visitor = visit(Role.PLATFORM_ADMIN)
    made = {"name": "New Wash", "slug": "new-wash", "timezone": "UTC", "requires_approval": "0"}
    assert visitor.post("/administration/tenants/new", **made).status_code == 303
    assert "taken" in visitor.post("/administration/tenants/new", **made).text
    with open_session(sessions, ALL_TENANTS) as session:
        tenant = session.query(Tenant).filter_by(slug="new-wash").one()
    assert visitor.post("/administration/groups/new").status_code == 409
    assert visitor.post(f"/administration/tenants/{tenant.id}/enter").status_code == 303
    assert "New Wash · platform admin" in visitor.get("/account").text
    assert "viewer@ours.test" not in visitor.get("/administration/users").text
    first = {**NEW, "email": "first@new.test", "role": "admin"}
    assert shown_once(visitor.post("/administration/users/new", **first).text)
    assert 'value="platform_admin"' not in visitor.get("/administration/users/new").text
    with open_session(sessions, ALL_TENANTS) as session:
        assert session.query(User).filter_by(email="first@new.test").one().tenant_id == tenant.id
    assert visitor.post("/administration/tenants/leave").status_code == 303
    assert "viewer@ours.test" in visitor.get("/administration/users").text


def test_only_the_platform_goes_into_tenants(visit: Visit, cast: Cast) -> None:
    for who in (Role.ADMIN, "stranger"):
        assert visit(who).post(f"/administration/tenants/{cast.tenant.id}/enter").status_code == 403


def test_going_into_a_tenant_ends_with_the_session(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    sign_in(client, cast[Role.PLATFORM_ADMIN])
    submit(client, f"/administration/tenants/{cast.tenant.id}/enter", page="/account")
    submit(client, "/logout", page="/account")
    sign_in(client, cast[Role.PLATFORM_ADMIN])
    assert "All tenants" in client.get("/account").text


def test_an_api_token_is_shown_once_and_works_until_it_is_revoked(
    app: Flask, visit: Visit, sessions: SessionFactory
) -> None:
    visitor = visit(Role.OPERATOR)
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    answer = visitor.post("/administration/tokens/new", name="robot", scopes=["fleet:read"], expires_at=day)
    secret = shown_once(answer.text)
    listing = visitor.get("/administration/tokens").text
    assert "robot" in listing
    assert secret not in listing
    bearing = {"Authorization": f"Bearer {secret}"}
    assert app.test_client().get("/api/me", headers=bearing).get_json()["permissions"] == ["fleet:read"]
    with open_session(sessions, ALL_TENANTS) as session:
        token = session.query(ApiToken).filter_by(name="robot").one()
        assert token.expires_at.date().isoformat() == day
    assert visitor.post(f"/administration/tokens/{token.id}/revoke", reason="done").status_code == 303
    assert app.test_client().get("/api/me", headers=bearing).status_code == 401


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "x", "expires_at": "2126-01-01", "scopes": "fleet:read"}, "expires_at"),
        ({"name": "x", "expires_at": "soon", "scopes": "fleet:read"}, "expires_at"),
        ({"name": "", "expires_at": "2026-01-01", "scopes": "fleet:read"}, "name"),
        ({"name": "x", "expires_at": "2026-01-01"}, "scopes"),
    ],
)
def test_a_token_that_is_not_possible_is_not_made(visit: Visit, fields: dict[str, str], field: str) -> None:
    answer = visit(Role.VIEWER).post("/administration/tokens/new", **fields)
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text


def test_nobody_gives_a_token_more_than_they_may_do(visit: Visit) -> None:
    visitor = visit(Role.VIEWER)
    assert "users:manage" not in visitor.get("/administration/tokens/new").text
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    answer = visitor.post("/administration/tokens/new", name="x", scopes=["users:manage"], expires_at=day)
    assert answer.status_code == 403


def test_an_administrator_sees_and_revokes_the_tokens_of_others(visit: Visit, house: House) -> None:
    visitor = visit(Role.ADMIN)
    assert "a program" in visitor.get("/administration/tokens").text
    assert visitor.post(f"/administration/tokens/{house.token}/revoke").status_code == 303
    assert f"/administration/tokens/{house.token}/revoke" not in visitor.get("/administration/tokens").text
    assert visit(Role.VIEWER).get(f"/administration/tokens/{house.token}/revoke").status_code == 404


def test_ones_own_name_and_time_zone_are_changed(visit: Visit, cast: Cast, sessions: SessionFactory) -> None:
    visitor = visit(Role.VIEWER)
    assert visitor.post("/account/edit", name="Vi", timezone="America/Denver").status_code == 303
    assert fresh(sessions, cast[Role.VIEWER]).timezone == "America/Denver"
    answer = visitor.post("/account/edit", name="Vi", timezone="Denver")
    assert answer.status_code == 422
    assert 'value="Denver"' in answer.text


def test_one_signs_out_somewhere_else(app: Flask, visit: Visit, cast: Cast) -> None:
    elsewhere = app.test_client()
    sign_in(elsewhere, cast[Role.VIEWER])
    here = visit(Role.VIEWER)
    path = re.findall(r'href="(/account/sign-ins/\d+/end)"', here.get("/account").text)[-1]
    assert visit(Role.OPERATOR).get(path).status_code == 404
    assert here.post(path).headers["Location"] == "/account"
    assert not signed_in(elsewhere)
    assert signed_in(here.client)


def test_signing_out_here_leads_to_the_door(visit: Visit) -> None:
    here = visit(Role.VIEWER)
    path = re.findall(r'href="(/account/sign-ins/\d+/end)"', here.get("/account").text)[0]
    assert "the browser you are looking at" in here.get(path).text
    assert here.post(path).headers["Location"] == "/login"
    assert not signed_in(here.client)
