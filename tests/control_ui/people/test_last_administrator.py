"""A tenant is never left without somebody who can administer it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from control_ui.models import User
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui import factories
from tests.control_ui.people.cast import Cast


@pytest.fixture
def second(sessions: SessionFactory, cast: Cast) -> User:
    """Another administrator of the same tenant."""
    with open_session(sessions, ALL_TENANTS) as session:
        user = factories.user(session, cast.tenant, Role.ADMIN, email="second@ours.test")
        session.commit()
        return user


def put(client: FlaskClient, actor: User, user: User, **body: object) -> int:
    return client.put(f"/api/users/{user.id}", json=body, headers=factories.headers(actor)).status_code


@pytest.mark.parametrize("body", [{"disabled": True}, {"role": "viewer"}])
def test_not_even_the_platform_takes_a_tenants_last_administrator_away(
    client: FlaskClient, cast: Cast, body: dict[str, object]
) -> None:
    assert put(client, cast[Role.PLATFORM_ADMIN], cast[Role.ADMIN], **body) == 409
    assert put(client, cast[Role.PLATFORM_ADMIN], cast[Role.ADMIN], name="Still here") == 200


@pytest.mark.parametrize("body", [{"disabled": True}, {"role": "viewer"}])
def test_one_of_two_can_go_and_then_the_other_cannot(
    client: FlaskClient, cast: Cast, second: User, body: dict[str, object]
) -> None:
    assert put(client, cast[Role.ADMIN], second, **body) == 200
    assert put(client, cast[Role.PLATFORM_ADMIN], cast[Role.ADMIN], **body) == 409


def test_a_disabled_administrator_does_not_count(client: FlaskClient, cast: Cast, second: User) -> None:
    assert put(client, cast[Role.ADMIN], second, disabled=True) == 200
    assert put(client, cast[Role.PLATFORM_ADMIN], cast[Role.ADMIN], role="operator") == 409
    assert put(client, cast[Role.ADMIN], second, disabled=False) == 200
    assert put(client, cast[Role.PLATFORM_ADMIN], cast[Role.ADMIN], role="operator") == 200


@pytest.mark.parametrize("body", [{"disabled": True}, {"role": "viewer"}])
def test_of_two_who_send_each_other_away_at_once_one_stays(
    app: Flask, cast: Cast, second: User, sessions: SessionFactory, body: dict[str, object]
) -> None:
    pair, together = [cast[Role.ADMIN], second], Barrier(2)

    def send_away(actor: User, user: User) -> int:
        client = app.test_client()
        together.wait()
        return put(client, actor, user, **body)

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(send_away, pair, pair[::-1]))
    with open_session(sessions, ALL_TENANTS) as session:
        left = sa.select(sa.func.count(User.id)).where(
            User.tenant_id == cast.tenant.id, User.role == Role.ADMIN, User.disabled_at.is_(None)
        )
        assert session.scalars(left).one() == 1
    assert statuses.count(200) == 1, "the other came too late, in one way or another"
