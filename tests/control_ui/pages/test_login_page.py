"""The login page: signing in, and what it says when that fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.cookies import SimpleCookie

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_ui import create_app
from control_ui.models.people import Role
from control_ui.models.scope import SessionFactory
from control_ui.settings import Settings
from tests.control_ui.pages.browser import csrf_token, sign_in, signed_in, submit
from tests.control_ui.people.cast import PASSWORD, Cast, change, trail
from tests.control_ui.servers import free_port

WRONG = "not this one at all"
TOKENS = re.compile(r'(?<=")[\w.-]{60,}(?=")')
"""CSRF tokens, which tell the second they were made in."""


def test_the_right_password_opens_the_first_page(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    answer = sign_in(client, cast[Role.OPERATOR])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "A operator" in client.get("/").text
    (entry,) = trail(sessions, "session.sign_in")
    assert (entry.actor_name, entry.after["kind"]) == ("operator@ours.test", "pages")  # type: ignore[index]


def test_who_is_signed_in_is_not_asked_again(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.OPERATOR])
    answer = client.get("/login?next=/password")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/password")


def test_a_refusal_keeps_the_address_not_the_password_and_is_told_to_screen_readers(
    client: FlaskClient, cast: Cast
) -> None:
    answer = sign_in(client, cast[Role.OPERATOR], WRONG)
    assert answer.status_code == 403
    assert 'role="alert">The e-mail address or the password is not right.' in answer.text
    assert 'value="operator@ours.test"' in answer.text
    assert WRONG not in answer.text
    assert not signed_in(client)


def test_a_refusal_does_not_tell_who_has_an_account(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    change(sessions, cast[Role.VIEWER], disabled_at=datetime.now(UTC))
    texts = set()
    for email, password in (
        ("nobody@ours.test", PASSWORD),
        ("operator@ours.test", WRONG),
        ("viewer@ours.test", PASSWORD),
    ):
        answer = submit(client, "/login", email=email, password=password)
        texts.add(TOKENS.sub("", answer.text.replace(email, "")))
    assert len(texts) == 1


def test_what_is_missing_is_said_at_its_field(client: FlaskClient) -> None:
    answer = submit(client, "/login", email="nonsense", password="")
    assert answer.status_code == 422
    assert 'id="email-fault">Enter your e-mail address' in answer.text
    assert 'aria-describedby="email-fault"' in answer.text
    assert 'id="password-fault">Enter your password' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2


def test_what_was_entered_is_shown_as_text_not_as_html(client: FlaskClient) -> None:
    answer = submit(client, "/login", email='"><script>alert(1)</script>', password="x", next='"><script>')
    assert "<script>" not in answer.text


def test_a_locked_account_says_for_how_long(client: FlaskClient, cast: Cast) -> None:
    for _ in range(5):
        sign_in(client, cast[Role.OPERATOR], WRONG)
    answer = sign_in(client, cast[Role.OPERATOR])
    assert answer.status_code == 429
    assert "locked for another 15 min" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert not signed_in(client)


@pytest.fixture
def without_redis(settings: Settings) -> Iterator[Flask]:
    app = create_app(replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    yield app
    app.extensions["carwash"].sessions.kw["bind"].dispose()


def test_without_redis_the_page_says_what_is_wrong(without_redis: Flask, cast: Cast) -> None:
    answer = sign_in(without_redis.test_client(), cast[Role.OPERATOR])
    assert answer.status_code == 503
    assert "needs Redis" in answer.text


@pytest.mark.parametrize(("secure", "flag"), [(True, "secure"), (False, None)])
def test_the_cookie_is_for_this_host_and_not_for_scripts(
    settings: Settings, cast: Cast, secure: bool, flag: str | None
) -> None:
    app = create_app(replace(settings, cookie_secure=secure))
    header = sign_in(app.test_client(), cast[Role.OPERATOR]).headers["Set-Cookie"]
    cookie = SimpleCookie(header)["session"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["expires"], "it goes with the browser"
    assert not cookie["max-age"]
    assert bool(cookie["secure"]) is (flag == "secure")
    app.extensions["carwash"].sessions.kw["bind"].dispose()
    app.extensions["carwash"].redis.close()


def test_signing_in_begins_a_new_session(client: FlaskClient, cast: Cast) -> None:
    """What somebody planted in the browser beforehand is worth nothing afterwards."""
    planted = csrf_token(client)
    with client.session_transaction() as session:
        session["planted"] = "by a stranger"
    sign_in(client, cast[Role.OPERATOR])
    with client.session_transaction() as session:
        assert "planted" not in session
    assert client.post("/logout", data={"csrf_token": planted}).status_code == 400
    assert signed_in(client)


def test_a_cookie_from_before_signing_in_opens_nothing(app: Flask, client: FlaskClient, cast: Cast) -> None:
    client.get("/login")
    before = client.get_cookie("session")
    assert before is not None
    sign_in(client, cast[Role.OPERATOR])
    thief = app.test_client()
    thief.set_cookie("session", before.value)
    assert not signed_in(thief)
