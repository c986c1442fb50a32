"""Refreshing tokens and signing out; a stolen refresh token."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import RefreshToken, SignIn
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services.people import sign_ins
from tests.control_ui.people.cast import Cast, bearing, change, fresh, tokens, trail


def refresh(client: FlaskClient, token: str) -> TestResponse:
    return client.post("/auth/refresh", json={"refresh_token": token})


def logout(client: FlaskClient, token: str) -> TestResponse:
    return client.post("/auth/logout", json={"refresh_token": token})


def me(client: FlaskClient, access_token: str) -> int:
    return client.get("/api/me", headers=bearing(access_token)).status_code


def test_each_refresh_gives_new_tokens_that_work(client: FlaskClient, cast: Cast) -> None:
    given = tokens(client, cast[Role.OPERATOR])
    seen = {given["refresh_token"]}
    for _ in range(3):
        answer = refresh(client, given["refresh_token"])
        assert answer.status_code == 200
        given = answer.get_json()
        assert me(client, given["access_token"]) == 200
        assert given["user"]["email"] == "operator@ours.test"
        seen.add(given["refresh_token"])
    assert len(seen) == 4


def test_an_old_token_that_comes_back_ends_everything_that_came_of_it(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    stolen = tokens(client, cast[Role.OPERATOR])
    owners = refresh(client, stolen["refresh_token"]).get_json()
    assert refresh(client, stolen["refresh_token"]).status_code == 401
    assert refresh(client, owners["refresh_token"]).status_code == 401, "nobody knows which of the two is the thief"
    assert me(client, owners["access_token"]) == 401
    assert me(client, stolen["access_token"]) == 401
    (entry,) = trail(sessions, "session.reuse")
    assert (entry.outcome, entry.subject_name, entry.chain) == (
        "refused",
        "operator@ours.test",
        f"tenant:{cast.tenant.id}",
    )


def test_reuse_is_told_once_however_often_it_is_tried(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    stolen = tokens(client, cast[Role.OPERATOR])["refresh_token"]
    refresh(client, stolen)
    assert {refresh(client, stolen).status_code for _ in range(3)} == {401}
    assert len(trail(sessions, "session.reuse")) == 1


def test_reuse_leaves_the_persons_other_sign_ins_alone(client: FlaskClient, cast: Cast) -> None:
    stolen, other = (tokens(client, cast[Role.OPERATOR]) for _ in range(2))
    refresh(client, stolen["refresh_token"])
    refresh(client, stolen["refresh_token"])
    assert me(client, other["access_token"]) == 200
    assert refresh(client, other["refresh_token"]).status_code == 200


def test_two_that_send_the_same_token_at_once_are_reuse_however_benign(
    app: Flask, client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    given = tokens(client, cast[Role.OPERATOR])["refresh_token"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: refresh(app.test_client(), given), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    assert len(trail(sessions, "session.reuse")) == 1
    (lucky,) = (answer.get_json() for answer in answers if answer.status_code == 200)
    assert refresh(client, lucky["refresh_token"]).status_code == 401


def test_refreshing_does_not_make_a_sign_in_last_longer(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    given = tokens(client, cast[Role.OPERATOR])
    with open_session(sessions, ALL_TENANTS) as session:
        before = session.scalars(sa.select(SignIn)).one()
        assert before.expires_at - before.started_at == timedelta(days=14)
    given = refresh(client, given["refresh_token"]).get_json()
    with open_session(sessions, ALL_TENANTS) as session:
        row = session.scalars(sa.select(SignIn)).one()
        assert row.expires_at == before.expires_at
        row.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        session.commit()
    assert refresh(client, given["refresh_token"]).status_code == 401


def test_a_token_that_is_none_of_ours_is_refused(client: FlaskClient) -> None:
    for token in ["cw_rt_nonsense", "x", "cw_pat_nonsense"]:
        assert refresh(client, token).status_code == 401
        assert logout(client, token).status_code == 204, "there is nothing to end"


def test_a_body_that_makes_no_sense_is_refused(client: FlaskClient) -> None:
    for body in [{}, {"refresh_token": ""}, {"refresh_token": "x" * 201}, {"refresh_token": "\ud800"}]:
        for path in ("/auth/refresh", "/auth/logout"):
            assert client.post(path, json=body).status_code == 422


def test_an_access_token_refreshes_nothing(client: FlaskClient, cast: Cast) -> None:
    given = tokens(client, cast[Role.OPERATOR])
    assert refresh(client, given["access_token"]).status_code in (401, 422)
    assert me(client, given["refresh_token"]) == 401


def test_signing_out_ends_both_tokens_and_is_in_the_trail(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    given = tokens(client, cast[Role.OPERATOR])
    answer = logout(client, given["refresh_token"])
    assert (answer.status_code, answer.data) == (204, b"")
    assert refresh(client, given["refresh_token"]).status_code == 401
    assert me(client, given["access_token"]) == 401
    assert logout(client, given["refresh_token"]).status_code == 204
    (entry,) = trail(sessions, "session.sign_out")
    assert (entry.actor_name, entry.outcome) == ("operator@ours.test", "ok")


def test_who_is_disabled_refreshes_nothing(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    given = tokens(client, cast[Role.OPERATOR])
    change(sessions, cast[Role.OPERATOR], disabled_at=datetime.now(UTC))
    assert refresh(client, given["refresh_token"]).status_code == 401
    assert me(client, given["access_token"]) == 401


def test_ending_all_sessions_at_the_moment_of_a_refresh_leaves_none(
    app: Flask, client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    """The refresh has to wait for whoever is ending them, and then finds its sign-in ended."""
    given = tokens(client, cast[Role.OPERATOR])
    with ThreadPoolExecutor(1) as pool:
        with open_session(sessions, ALL_TENANTS) as session:
            user = session.merge(fresh(sessions, cast[Role.OPERATOR]), load=True)
            sign_ins.close_all(session, user, datetime.now(UTC))
            session.flush()
            late = pool.submit(refresh, app.test_client(), given["refresh_token"])
            session.commit()
        assert late.result().status_code == 401


def test_only_hashes_of_tokens_are_kept(client: FlaskClient, cast: Cast, session: ScopedSession) -> None:
    given = tokens(client, cast[Role.OPERATOR])["refresh_token"]
    row = session.scalars(sa.select(RefreshToken)).one()
    assert given not in str(vars(row))
    assert len(row.token_sha256) == 64


def test_what_has_expired_is_forgotten(client: FlaskClient, cast: Cast, session: ScopedSession) -> None:
    tokens(client, cast[Role.OPERATOR])
    now = datetime.now(UTC)
    assert sign_ins.forget(session, now) == 0
    assert sign_ins.forget(session, now + timedelta(days=15)) == 0
    assert session.scalars(sa.select(sa.func.count(RefreshToken.id))).one() == 0
    assert session.scalars(sa.select(sa.func.count(SignIn.id))).one() == 1, "who signed in stays to be seen for a while"
    session.commit()
    assert sign_ins.forget(session, now + timedelta(days=105)) == 1
