"""Guessing passwords, from one place and from many."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from control_ui import create_app
from control_ui.models.people import Role
from control_ui.models.scope import SessionFactory
from control_ui.services.errors import TooManyRequestsError
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.settings import Settings
from tests.control_ui.conftest import NOW
from tests.control_ui.people.cast import Cast, bearing, login, tokens, trail
from tests.control_ui.servers import free_port

WRONG = "not this one at all"
EMAIL = "operator@ours.test"


class Clock:
    """What the counting library takes for the time."""

    def __init__(self) -> None:
        self.now = NOW.timestamp()

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("limits.storage.redis", "control_ui.services.people.sign_in_limits"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(time=clock.time))
    return clock


@pytest.fixture
def limits(redis_client: redis.Redis) -> SignInLimits:
    return SignInLimits(redis_client)


def fail(limits: SignInLimits, times: int, after: timedelta = timedelta()) -> timedelta | None:
    """Fail so often, each time from another address; gives what the last one brought."""
    locked = None
    for number in range(times):
        limits.admit(f"192.0.2.{number}", EMAIL, NOW + after)
        locked = limits.failed(EMAIL, NOW + after)
    return locked


def test_five_failures_lock_the_account_even_for_the_right_password(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    for number in range(5):
        assert login(client, EMAIL, WRONG, address=f"192.0.2.{number}").status_code == 401
    locked = login(client, EMAIL, address="192.0.2.99")
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    assert "locked" in locked.get_json()["detail"]
    (entry,) = trail(sessions, "session.lock_out")
    assert (entry.subject_name, entry.chain) == (EMAIL, f"tenant:{cast.tenant.id}")
    assert len(trail(sessions, "session.sign_in")) == 5, "tries at a locked account do not flood the trail"


def test_others_sign_in_while_one_is_locked(client: FlaskClient, cast: Cast) -> None:
    for number in range(5):
        login(client, EMAIL, WRONG, address=f"192.0.2.{number}")
    assert login(client, "viewer@ours.test").status_code == 200


def test_who_is_signed_in_stays_so_while_the_account_is_locked(client: FlaskClient, cast: Cast) -> None:
    given = tokens(client, cast[Role.OPERATOR])
    for number in range(5):
        login(client, EMAIL, WRONG, address=f"192.0.2.{number}")
    assert login(client, EMAIL).status_code == 429
    assert client.get("/api/me", headers=bearing(given["access_token"])).status_code == 200
    assert client.post("/auth/refresh", json={"refresh_token": given["refresh_token"]}).status_code == 200


def test_an_account_that_does_not_exist_is_locked_alike(client: FlaskClient, sessions: SessionFactory) -> None:
    answers = [login(client, "nobody@ours.test", WRONG, address=f"192.0.2.{n}").status_code for n in range(6)]
    assert answers == [401] * 5 + [429]
    assert trail(sessions, "session.lock_out")[0].chain == "platform"


def test_one_address_has_ten_tries_a_minute_whoever_they_are_for(limits: SignInLimits, clock: Clock) -> None:
    for number in range(10):
        limits.admit("192.0.2.1", f"somebody-{number}@ours.test", NOW)
    with pytest.raises(TooManyRequestsError, match="your address") as refused:
        limits.admit("192.0.2.1", "another@ours.test", NOW)
    assert refused.value.retry_after_seconds == 60
    limits.admit("192.0.2.2", "another@ours.test", NOW)
    clock.now += 60.1
    limits.admit("192.0.2.1", "another@ours.test", NOW)


def test_all_addresses_of_an_ipv6_network_count_as_one(limits: SignInLimits) -> None:
    for number in range(10):
        limits.admit(f"2001:db8:1:2::{number:x}", f"somebody-{number}@ours.test", NOW)
    with pytest.raises(TooManyRequestsError):
        limits.admit("2001:db8:1:2:ffff::1", "another@ours.test", NOW)
    limits.admit("2001:db8:1:3::1", "another@ours.test", NOW)


def test_four_failures_lock_nothing_and_a_success_forgets_them(limits: SignInLimits) -> None:
    assert fail(limits, 4) is None
    limits.admit("192.0.2.1", EMAIL, NOW)
    limits.clear(EMAIL)
    assert fail(limits, 4) is None


def test_failures_are_forgotten_after_a_quarter_of_an_hour(limits: SignInLimits, clock: Clock) -> None:
    assert fail(limits, 4) is None
    clock.now += 15 * 60 + 1
    assert fail(limits, 4) is None


def test_each_lock_lasts_twice_as_long_as_the_last_up_to_four_hours(limits: SignInLimits) -> None:
    at, minutes = timedelta(), []
    for _ in range(6):
        lasts = fail(limits, 5, at)
        assert lasts is not None
        minutes.append(lasts.total_seconds() / 60)
        with pytest.raises(TooManyRequestsError):
            limits.admit("192.0.2.200", EMAIL, NOW + at + lasts - timedelta(seconds=1))
        at += lasts + timedelta(seconds=1)
    assert minutes == [15, 30, 60, 120, 240, 240]


def test_the_locks_are_forgotten_when_somebody_gets_in(limits: SignInLimits) -> None:
    assert fail(limits, 5) == timedelta(minutes=15)
    limits.clear(EMAIL)
    assert fail(limits, 5) == timedelta(minutes=15)


def test_a_crowd_of_tries_at_once_gets_no_more_than_five(limits: SignInLimits) -> None:
    """They are counted before a single password has been checked."""

    def attempt(number: int) -> bool:
        try:
            limits.admit(f"198.51.100.{number}", EMAIL, NOW)
        except TooManyRequestsError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        admitted = sum(pool.map(attempt, range(60)))
    assert admitted == 5


def test_of_several_that_fail_at_once_one_locks(limits: SignInLimits) -> None:
    for number in range(5):
        limits.admit(f"192.0.2.{number}", EMAIL, NOW)
    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(lambda _: limits.failed(EMAIL, NOW), range(5)))
    assert sum(outcome is not None for outcome in outcomes) == 1


def test_addresses_and_accounts_are_not_kept_in_clear(limits: SignInLimits, redis_client: redis.Redis) -> None:
    fail(limits, 5)
    kept = [str(key) for key in redis_client.keys("*")]
    assert kept
    assert not any("ours.test" in key for key in kept)


@pytest.fixture
def without_redis(settings: Settings) -> Iterator[Flask]:
    app = create_app(replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    yield app
    app.extensions["carwash"].sessions.kw["bind"].dispose()


def test_without_redis_no_password_is_tried_and_the_answer_says_why(without_redis: Flask, cast: Cast) -> None:
    answer = login(without_redis.test_client(), EMAIL)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert "Redis" in answer.get_json()["detail"]
    assert "Retry-After" in answer.headers


def test_without_redis_tokens_go_on_working(client: FlaskClient, without_redis: Flask, cast: Cast) -> None:
    given = tokens(client, cast[Role.OPERATOR])
    elsewhere = without_redis.test_client()
    assert elsewhere.get("/api/me", headers=bearing(given["access_token"])).status_code == 200
    assert elsewhere.post("/auth/refresh", json={"refresh_token": given["refresh_token"]}).status_code == 200
