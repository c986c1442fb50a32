"""Who is let in: keys, rotation, expiry, and attempts to get around them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from pi_service.api.auth import authenticate
from pi_service.config import ApiKey
from tests.pi_service.api_fixtures import EXPIRED_KEY, KEY, OTHER_KEY, Pi, digest, pi, problem_of, samples

__all__ = ["pi"]

KEYED_ROUTES = ["/api/snapshot", "/api/snapshot/info", "/api/snapshot/history", "/api/snapshot/history/1"]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("route", KEYED_ROUTES)
def test_every_picture_route_needs_a_key(pi: Pi, route: str) -> None:
    pi.publish()
    response = pi.get(route, key=None)
    assert "X-API-Key" in problem_of(response, 401)["detail"]
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="carwash"'
    assert pi.get(route).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": KEY},
        {"X-API-Key": OTHER_KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer {KEY}"},
    ],
)
def test_several_keys_are_good_at_once_in_either_header(pi: Pi, headers: dict[str, str]) -> None:
    pi.publish()
    assert pi.get("/api/snapshot", key=None, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": "wrong"},
        {"X-API-Key": f"{KEY} "[:-2]},
        {"X-API-Key": digest(KEY)},
        {"X-API-Key": "till"},
        {"X-API-Key": "ключ".encode().decode("latin-1")},
        {"X-API-Key": "x" * 100_000},
        {"X-API-Key": "wrong", "Authorization": f"Bearer {KEY}"},
        {"Authorization": "Bearer wrong"},
    ],
)
def test_a_wrong_key_is_refused(pi: Pi, headers: dict[str, str]) -> None:
    pi.publish()
    response = pi.get("/api/snapshot", key=None, headers=headers)
    assert problem_of(response, 401)["detail"] == "This API key is not known here."
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": ""},
        {"Authorization": ""},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"Authorization": "Bearer"},
    ],
)
def test_what_is_no_key_counts_as_none(pi: Pi, headers: dict[str, str]) -> None:
    assert "is needed" in problem_of(pi.get("/api/snapshot", key=None, headers=headers), 401)["detail"]


def test_a_key_in_the_address_is_not_looked_at(pi: Pi) -> None:
    pi.publish()
    problem_of(pi.get(f"/api/snapshot?api_key={KEY}", key=None), 401)


def test_only_the_holder_of_an_expired_key_learns_that_it_has_expired(pi: Pi) -> None:
    assert "'old' has expired" in problem_of(pi.get("/api/snapshot", key=EXPIRED_KEY), 401)["detail"]


def test_a_key_ends_at_its_very_moment(pi: Pi) -> None:
    pi.publish()
    pi.clocks.wall_time = datetime(2026, 11, 23, 23, 59, 59, 999_000, UTC)
    assert pi.get("/api/snapshot", key=OTHER_KEY).status_code == 200
    pi.clocks.wall_time = datetime(2026, 11, 24, tzinfo=UTC)
    problem_of(pi.get("/api/snapshot", key=OTHER_KEY), 401)


def test_every_configured_key_is_compared_whichever_matches() -> None:
    compared = []

    class Watched(ApiKey):
        def admits(self, presented: str, now: datetime) -> bool:
            compared.append(self.name)
            return super().admits(presented, now)

    keys = [Watched(name, digest(name)) for name in ("first", "second", "third")]
    assert authenticate({"HTTP_X_API_KEY": "first"}, keys, NOW).key == "first"
    assert compared == ["first", "second", "third"]


def test_a_renewed_key_with_an_expired_twin_is_good() -> None:
    keys = [ApiKey("old", digest(KEY), datetime(2020, 1, 1, tzinfo=UTC)), ApiKey("new", digest(KEY))]
    assert authenticate({"HTTP_X_API_KEY": KEY}, keys, NOW).key == "new"


def test_a_key_added_to_the_file_is_good_at_once_and_a_removed_one_no_more(pi: Pi) -> None:
    pi.publish()
    problem_of(pi.get("/api/snapshot", key="fresh"), 401)
    pi.configure(api_keys=[{"name": "fresh", "sha256": digest("fresh")}])
    assert pi.get("/api/snapshot", key="fresh").status_code == 200
    problem_of(pi.get("/api/snapshot"), 401)


def test_without_configured_keys_nobody_is_let_in(pi: Pi) -> None:
    pi.configure(api_keys=[])
    problem_of(pi.get("/api/snapshot"), 401)


def test_attempts_are_counted_by_reason_and_never_by_what_was_tried(pi: Pi) -> None:
    for number in range(20):
        pi.get("/api/snapshot", key=f"guess-{number}")
    pi.get("/api/snapshot", key=None)
    pi.get("/api/snapshot", key=EXPIRED_KEY)
    found = samples(pi)
    assert found['carwash_api_key_refusals_total{reason="unknown"}'] == 20
    assert found['carwash_api_key_refusals_total{reason="missing"}'] == 1
    assert found['carwash_api_key_refusals_total{reason="expired"}'] == 1
    counted = 'carwash_api_request_total{key="invalid",method="GET",route="/api/snapshot",status="401"}'
    assert found[counted] == 21


def test_no_key_and_no_guess_is_ever_logged_or_exported(pi: Pi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    pi.publish()
    for key in (KEY, EXPIRED_KEY, "a-clever-guess"):
        pi.get("/api/snapshot", key=key)
    shown = caplog.text + pi.get("/metrics", key=None).get_data(as_text=True)
    for secret in (KEY, EXPIRED_KEY, "a-clever-guess", digest(KEY), digest("a-clever-guess")):
        assert secret not in shown


def test_the_series_of_a_removed_key_are_dropped(pi: Pi) -> None:
    pi.publish()
    pi.get("/api/snapshot")
    assert any('key="till"' in name for name in samples(pi))
    pi.configure(api_keys=[{"name": "plc", "sha256": digest(OTHER_KEY)}])
    pi.get("/api/snapshot", key=OTHER_KEY)
    assert not any('key="till"' in name for name in samples(pi))
