"""Access tokens: what they stand for is looked up at every request."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from control_ui.models.people import Role
from control_ui.models.scope import SessionFactory
from control_ui.services.people import access_tokens
from tests.control_ui.conftest import SECRET_KEY
from tests.control_ui.people.cast import Cast, bearing, change, tokens


def users_status(client: FlaskClient, token: str) -> int:
    """What only administrators may see."""
    return client.get("/api/users", headers=bearing(token)).status_code


def test_who_was_demoted_loses_at_once_what_an_older_token_allowed(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    token = tokens(client, cast[Role.ADMIN])["access_token"]
    assert users_status(client, token) == 200
    change(sessions, cast[Role.ADMIN], role=Role.VIEWER)
    assert users_status(client, token) == 403


def test_who_is_disabled_is_out_at_once(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    token = tokens(client, cast[Role.ADMIN])["access_token"]
    change(sessions, cast[Role.ADMIN], disabled_at=datetime.now(UTC))
    assert users_status(client, token) == 401


def test_a_new_epoch_ends_every_older_token(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    old = tokens(client, cast[Role.ADMIN])["access_token"]
    change(sessions, cast[Role.ADMIN], session_epoch=2)
    assert users_status(client, old) == 401
    assert users_status(client, tokens(client, cast[Role.ADMIN])["access_token"]) == 200


def test_a_token_is_good_for_a_quarter_of_an_hour(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def issued(seconds_ago: float) -> str:
        with monkeypatch.context() as patch:
            now = datetime.now(UTC).timestamp()
            patch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda _: int(now - seconds_ago))
            return access_tokens.issue(cast[Role.ADMIN], SECRET_KEY)

    assert users_status(client, issued(14 * 60)) == 200
    assert users_status(client, issued(15 * 60 + 2)) == 401


def test_a_signed_token_of_another_shape_is_refused(client: FlaskClient, cast: Cast) -> None:
    for content in [[1, 1], "text", None, [1, 1, None, 1], {"user": 1}, 7]:
        token = URLSafeTimedSerializer(SECRET_KEY, salt="access-token").dumps(content)
        assert users_status(client, str(token)) == 401


def test_what_was_signed_for_another_purpose_is_refused(client: FlaskClient, cast: Cast) -> None:
    admin = cast[Role.ADMIN]
    token = URLSafeTimedSerializer(SECRET_KEY, salt="something else").dumps([admin.id, 1, None])
    assert users_status(client, str(token)) == 401
    other_key = access_tokens.issue(admin, "k" * 48)
    assert users_status(client, other_key) == 401
