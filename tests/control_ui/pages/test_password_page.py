"""The page where one chooses a new password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.models.scope import SessionFactory
from tests.control_ui.pages.browser import sign_in, signed_in, submit
from tests.control_ui.people.cast import OTHER_PASSWORD, PASSWORD, Cast, change


def fields(old: str = PASSWORD, new: str = OTHER_PASSWORD, repeated: str = OTHER_PASSWORD) -> dict[str, str]:
    return {"old_password": old, "new_password": new, "repeated": repeated}


def test_a_changed_password_signs_out_everywhere_and_is_the_one_to_sign_in_with(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    elsewhere = app.test_client()
    for browser in (client, elsewhere):
        sign_in(browser, cast[Role.VIEWER])
    answer = submit(client, "/password", **fields())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "Your password is changed" in client.get("/login").text
    assert not signed_in(client)
    assert not signed_in(elsewhere)
    assert sign_in(client, cast[Role.VIEWER]).status_code == 403
    assert sign_in(client, cast[Role.VIEWER], OTHER_PASSWORD).status_code == 303


def test_what_is_wrong_is_said_at_its_field_and_nothing_changes(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.VIEWER])
    for sent, status, words in [
        (fields(old="wrong"), 422, 'id="old_password-fault">It is not your password'),
        (fields(new="short", repeated="short"), 422, 'id="new_password-fault">It must have at least 12'),
        (fields(repeated="another"), 422, 'id="repeated-fault">It must be the same'),
        (fields(old=""), 422, 'id="old_password-fault">Enter the password'),
        (fields(new=PASSWORD, repeated=PASSWORD), 422, "must differ"),
    ]:
        answer = submit(client, "/password", **sent)
        assert answer.status_code == status
        assert words in answer.text
        assert PASSWORD not in answer.text
    assert signed_in(client)


def test_guessing_the_old_password_is_locked(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.VIEWER])
    for _ in range(5):
        assert submit(client, "/password", **fields(old="wrong")).status_code == 422
    answer = submit(client, "/password", **fields())
    assert answer.status_code == 429
    assert "locked" in answer.text


def test_with_a_one_time_password_every_page_leads_here(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    change(sessions, cast[Role.VIEWER], password_expires_at=datetime.now(UTC) + timedelta(days=1))
    sign_in(client, cast[Role.VIEWER])
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/password")
    assert "one-time" in client.get("/password").text
    submit(client, "/password", **fields())
    sign_in(client, cast[Role.VIEWER], OTHER_PASSWORD)
    assert signed_in(client)


def test_with_a_one_time_password_one_can_also_leave(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    change(sessions, cast[Role.VIEWER], password_expires_at=datetime.now(UTC) + timedelta(days=1))
    sign_in(client, cast[Role.VIEWER])
    assert submit(client, "/logout", page="/password").headers["Location"] == "/login"
