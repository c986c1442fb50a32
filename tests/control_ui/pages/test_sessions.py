"""How sessions of the pages end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from control_ui.models import SignIn
from control_ui.models.people import Role, SignInKind
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.people import sign_ins
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.pages.browser import sign_in, signed_in, submit
from tests.control_ui.people.cast import Cast, change, trail


@pytest.fixture
def inside(client: FlaskClient, cast: Cast) -> FlaskClient:
    """An operator's browser."""
    sign_in(client, cast[Role.OPERATOR])
    assert signed_in(client)
    return client


def age(sessions: SessionFactory, **values: datetime) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        session.execute(sa.update(SignIn).values(**values))
        session.commit()


def test_signing_out_ends_the_session_on_the_server_too(
    app: Flask, inside: FlaskClient, sessions: SessionFactory
) -> None:
    copied = inside.get_cookie("session")
    assert copied is not None
    answer = submit(inside, "/logout", page="/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "You are signed out." in inside.get("/login").text
    assert not signed_in(inside)
    thief = app.test_client()
    thief.set_cookie("session", copied.value)
    assert not signed_in(thief), "a copy of the cookie is worth nothing any more"
    assert [entry.actor_name for entry in trail(sessions, "session.sign_out")] == ["operator@ours.test"]


def test_who_is_not_signed_in_has_nothing_to_sign_out_of(client: FlaskClient) -> None:
    answer = submit(client, "/logout", page="/login")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


def test_signing_out_by_a_link_does_not_work(inside: FlaskClient) -> None:
    assert inside.get("/logout").status_code == 405
    assert signed_in(inside)


def test_a_session_that_nobody_used_for_two_hours_has_ended(inside: FlaskClient, sessions: SessionFactory) -> None:
    age(sessions, seen_at=datetime.now(UTC) - timedelta(hours=1, minutes=58))
    assert signed_in(inside)
    age(sessions, seen_at=datetime.now(UTC) - timedelta(hours=2))
    assert not signed_in(inside)


def test_using_it_keeps_it_open_but_not_beyond_twelve_hours(inside: FlaskClient, sessions: SessionFactory) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        row = session.scalars(sa.select(SignIn)).one()
        assert row.expires_at - row.started_at == timedelta(hours=12)
    age(sessions, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert not signed_in(inside)


def test_the_time_of_use_is_written_once_a_minute(sessions: SessionFactory, cast: Cast) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        user = session.merge(cast[Role.OPERATOR])
        row = sign_ins.begin(session, user, SignInKind.PAGES, remote_address="", user_agent="", now=NOW)
        session.commit()
        sign_in_id = row.id
    seen = []
    for seconds in (59, 60, 61, 7300):
        with open_session(sessions, ALL_TENANTS) as session:
            resumed = sign_ins.resume(session, sign_in_id, 1, NOW + timedelta(seconds=seconds))
            seen.append(resumed and (resumed.seen_at - NOW).total_seconds())
    assert seen == [0, 60, 60, None]


def test_a_new_epoch_ends_it(inside: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    change(sessions, cast[Role.OPERATOR], session_epoch=2)
    assert not signed_in(inside)


def test_an_administrator_ends_it(inside: FlaskClient, cast: Cast) -> None:
    path = f"/api/users/{cast[Role.OPERATOR].id}/end-sessions"
    headers = factories.headers(cast[Role.ADMIN])
    assert inside.post(path, json={}, headers=headers).status_code == 204
    assert not signed_in(inside)


def test_disabling_ends_it(inside: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    change(sessions, cast[Role.OPERATOR], disabled_at=datetime.now(UTC))
    assert not signed_in(inside)


def test_a_cookie_in_another_browser_is_refused(app: Flask, inside: FlaskClient) -> None:
    copied = inside.get_cookie("session")
    assert copied is not None
    thief = app.test_client()
    thief.set_cookie("session", copied.value)
    assert thief.get("/", headers={"User-Agent": "another browser"}).status_code == 303
    assert signed_in(inside)


@pytest.mark.parametrize("tampered", ["", "nonsense", "e30.aaaa.bbbb", "."])
def test_a_forged_cookie_is_nobodys(client: FlaskClient, tampered: str) -> None:
    client.set_cookie("session", tampered)
    assert not signed_in(client)


def test_a_sign_in_of_the_api_is_no_session_of_the_pages(sessions: SessionFactory, cast: Cast) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        user = session.merge(cast[Role.OPERATOR])
        row = sign_ins.begin(session, user, SignInKind.API, remote_address="", user_agent="", now=NOW)
        session.commit()
        assert sign_ins.resume(session, row.id, 1, NOW) is None


def test_a_demoted_persons_open_session_has_the_new_role(
    inside: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    assert inside.get("/api/me").get_json()["user"]["role"] == "operator"
    change(sessions, cast[Role.OPERATOR], role=Role.VIEWER)
    assert "fleet:operate" not in inside.get("/api/me").get_json()["permissions"]
