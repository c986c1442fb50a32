"""Signing in over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.models.scope import SessionFactory
from control_ui.services.people import passwords
from tests.control_ui.people.cast import PASSWORD, Cast, bearing, change, fresh, login, trail

WRONG = "not this one at all"


def test_the_right_password_gives_tokens_that_open_the_api(client: FlaskClient, cast: Cast) -> None:
    answer = login(client, "operator@ours.test")
    given = answer.get_json()
    assert answer.status_code == 200
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 900)
    assert given["user"]["email"] == "operator@ours.test"
    assert "password" not in answer.text.replace("password_expires_at", "")
    assert answer.headers["Cache-Control"] == "no-store"
    me = client.get("/api/me", headers=bearing(given["access_token"])).get_json()
    assert (me["user"]["role"], me["tenant"]["slug"], me["kind"]) == ("operator", "ours", "user")


def test_the_address_is_the_same_in_capitals_and_with_spaces(client: FlaskClient, cast: Cast) -> None:
    assert login(client, " Operator@OURS.test ").status_code == 200


def test_no_cookie_is_set(client: FlaskClient, cast: Cast) -> None:
    assert "Set-Cookie" not in login(client, "operator@ours.test").headers


def test_a_sign_in_is_in_the_trail_with_address_and_time(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    login(client, "operator@ours.test", address="198.51.100.7")
    (entry,) = trail(sessions, "session.sign_in")
    assert (entry.outcome, entry.actor_name, entry.remote_address) == ("ok", "operator@ours.test", "198.51.100.7")
    assert entry.chain == f"tenant:{cast.tenant.id}"
    assert fresh(sessions, cast[Role.OPERATOR]).last_login_at == entry.at


def test_every_refusal_is_the_same_sentence(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    change(sessions, cast[Role.VIEWER], disabled_at=datetime.now(UTC))
    answers = [
        login(client, "nobody@ours.test"),
        login(client, "operator@ours.test", WRONG),
        login(client, "viewer@ours.test"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.get_json()["detail"] for answer in answers}) == 1


def test_the_trail_tells_refusals_apart_in_the_chain_they_belong_to(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    change(sessions, cast[Role.VIEWER], disabled_at=datetime.now(UTC))
    login(client, "nobody@ours.test")
    login(client, "operator@ours.test", WRONG)
    login(client, "viewer@ours.test")
    tenant = f"tenant:{cast.tenant.id}"
    assert [(e.chain, e.subject_name, e.reason, e.outcome) for e in trail(sessions, "session.sign_in")] == [
        ("platform", "nobody@ours.test", "unknown address", "refused"),
        (tenant, "operator@ours.test", "wrong password", "refused"),
        (tenant, "viewer@ours.test", "disabled", "refused"),
    ]


@pytest.mark.usefixtures("cast")
def test_neither_password_nor_hash_gets_into_the_trail(client: FlaskClient, sessions: SessionFactory) -> None:
    login(client, "operator@ours.test")
    login(client, "operator@ours.test", WRONG)
    login(client, "nobody@ours.test", WRONG)
    kept = [str(vars(entry)) for entry in trail(sessions, "session.sign_in")]
    assert len(kept) == 3
    assert not any(PASSWORD in text or WRONG in text or "argon2" in text for text in kept)


def test_an_outdated_hash_is_renewed_at_sign_in(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert login(client, "operator@ours.test").status_code == 200
    renewed = fresh(sessions, cast[Role.OPERATOR]).password_hash
    assert renewed.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert passwords.matches(renewed, PASSWORD)


def test_a_wrong_password_renews_nothing(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    login(client, "operator@ours.test", WRONG)
    assert fresh(sessions, cast[Role.OPERATOR]).password_hash == cast[Role.OPERATOR].password_hash


def test_a_one_time_password_lets_in_until_it_expires(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    now = datetime.now(UTC)
    change(sessions, cast[Role.VIEWER], password_expires_at=now + timedelta(minutes=5))
    change(sessions, cast[Role.OPERATOR], password_expires_at=now - timedelta(seconds=1))
    assert login(client, "viewer@ours.test").status_code == 200
    assert login(client, "operator@ours.test").status_code == 401
    assert trail(sessions, "session.sign_in")[-1].reason == "the one-time password has expired"


def test_a_password_that_changes_while_it_is_checked_lets_nobody_in(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator resets it after a thief's try was read and before it is decided."""
    checked = passwords.matches

    def slow(stored: str | None, password: str) -> bool:
        change(sessions, cast[Role.OPERATOR], password_hash="!")
        return checked(stored, password)

    monkeypatch.setattr(passwords, "matches", slow)
    assert login(client, "operator@ours.test").status_code == 401


def test_a_body_that_makes_no_sense_is_refused_before_anything_is_counted(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    for body in [
        {},
        {"email": "operator@ours.test"},
        {"email": "no address", "password": PASSWORD},
        {"email": "operator@ours.test", "password": ""},
        {"email": "operator@ours.test", "password": "x" * 257},
        {"email": "operator@ours.test", "password": "\ud800" * 12},
        {"email": "a\u0000@ours.test", "password": PASSWORD},
        {"email": "operator@ours.test", "password": 7},
        {"email": "operator@ours.test", "password": PASSWORD, "remember": True},
    ]:
        answer = client.post("/auth/login", json=body)
        assert answer.status_code == 422, body
        assert PASSWORD not in answer.text
        assert trail(sessions, "session.sign_in") == []
