"""`GET /api/snapshot`: the newest picture, never a stale one as a plain 200."""

from __future__ import annotations

import pytest

from tests.pi_service.api_fixtures import IMAGE, Pi, pi, problem_of

__all__ = ["pi"]  # the fixture

ROUTE = "/api/snapshot"


def test_a_fresh_picture_comes_with_everything_known_of_it(pi: Pi) -> None:
    metadata = pi.publish()
    pi.clocks.pass_time(5.9)
    response = pi.get(ROUTE)
    assert response.status_code == 200
    assert response.data == IMAGE
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Content-Length"] == str(len(IMAGE))
    assert response.headers["ETag"] == f'"1-{metadata.sha256[:32]}"'
    assert response.headers["Last-Modified"] == "Mon, 23 Nov 2026 12:00:00 GMT"
    assert response.headers["Age"] == "5"
    assert response.headers["X-Snapshot-Timestamp"] == "2026-11-23T12:00:00.123Z"
    assert response.headers["X-Snapshot-Sequence"] == "1"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Snapshot-Stale" not in response.headers


def test_a_new_picture_replaces_the_old_one_at_once(pi: Pi) -> None:
    pi.publish()
    pi.get(ROUTE)
    pi.clocks.pass_time(12)
    pi.publish(b"\xff\xd8 the next \xff\xd9")
    response = pi.get(ROUTE)
    assert response.data == b"\xff\xd8 the next \xff\xd9"
    assert response.headers["X-Snapshot-Sequence"] == "2"
    assert response.headers["Age"] == "0"


def test_head_gives_the_headers_without_the_picture(pi: Pi) -> None:
    pi.publish()
    response = pi.get(ROUTE, method="HEAD")
    assert response.status_code == 200
    assert response.data == b""
    assert response.headers["Content-Length"] == str(len(IMAGE))


def test_without_any_picture_the_answer_says_why_and_when_to_ask_again(pi: Pi) -> None:
    pi.report_stream(
        status="disconnected", last_error={"reason": "refused", "detail": "x", "at": "2026-11-23T11:00:00.000Z"}
    )
    response = pi.get(ROUTE)
    problem = problem_of(response, 503)
    assert problem["type"] == "urn:carwash:problem:no-snapshot"
    assert "the camera refuses the connection (since 2026-11-23T11:00:00.000Z)" in problem["detail"]
    assert problem["stream"]["status"] == "disconnected"
    assert problem["age_seconds"] is None
    assert response.headers["Retry-After"] == "12"


def test_a_picture_is_fresh_up_to_its_limit_and_stale_beyond(pi: Pi) -> None:
    pi.publish()
    pi.clocks.pass_time(36)
    assert pi.get(ROUTE).status_code == 200
    pi.clocks.pass_time(0.01)
    response = pi.get(ROUTE)
    problem = problem_of(response, 503)
    assert problem["type"] == "urn:carwash:problem:stale-snapshot"
    assert problem["age_seconds"] == pytest.approx(36.01)
    assert problem["limit_seconds"] == 36
    assert int(response.headers["Retry-After"]) == 12


def test_retry_after_points_at_the_next_picture(pi: Pi) -> None:
    pi.publish()
    pi.clocks.pass_time(10.5)
    response = pi.get(f"{ROUTE}?max_age=5")
    assert problem_of(response, 503)["limit_seconds"] == 5
    assert response.headers["Retry-After"] == "2"


def test_a_stale_picture_is_given_on_request_and_marked(pi: Pi) -> None:
    pi.publish()
    pi.clocks.pass_time(3600)
    response = pi.get(f"{ROUTE}?allow_stale=1")
    assert response.status_code == 200
    assert response.data == IMAGE
    assert response.headers["X-Snapshot-Stale"] == "true"
    assert response.headers["Age"] == "3600"


def test_a_fresh_picture_is_not_marked_as_stale_when_stale_ones_are_welcome(pi: Pi) -> None:
    pi.publish()
    assert "X-Snapshot-Stale" not in pi.get(f"{ROUTE}?allow_stale=1").headers


def test_max_age_with_allow_stale_only_decides_the_mark(pi: Pi) -> None:
    pi.publish()
    pi.clocks.pass_time(10)
    assert pi.get(f"{ROUTE}?allow_stale=1&max_age=5").headers["X-Snapshot-Stale"] == "true"
    assert "X-Snapshot-Stale" not in pi.get(f"{ROUTE}?allow_stale=1&max_age=15").headers


def test_a_client_cannot_loosen_the_configured_limit(pi: Pi) -> None:
    pi.publish()
    pi.clocks.pass_time(40)
    problem_of(pi.get(f"{ROUTE}?max_age=1000"), 503)


def test_staleness_is_judged_before_a_matching_etag(pi: Pi) -> None:
    pi.publish()
    etag = pi.get(ROUTE).headers["ETag"]
    pi.clocks.pass_time(40)
    problem_of(pi.get(ROUTE, headers={"If-None-Match": etag}), 503)


@pytest.mark.parametrize(
    "query",
    [
        "max_age=abc", "max_age=", "max_age=-1", "max_age=nan", "max_age=inf", "max_age=1e3", "max_age=1_0",
        "max_age=%D9%A1", f"max_age={'9' * 400}", "max_age=1&max_age=2",
        "allow_stale=maybe", "allow_stale=", "allow_stale=2", "allow_stale=1&allow_stale=0",
    ],
)  # fmt: skip
def test_a_bad_parameter_is_named_and_refused(pi: Pi, query: str) -> None:
    pi.publish()
    problem = problem_of(pi.get(f"{ROUTE}?{query}"), 400)
    assert query.partition("=")[0] in problem["detail"]


@pytest.mark.parametrize("shape", ["{0}", "W/{0}", '"other", {0}', '"other",W/{0}', "*"])
def test_a_client_that_has_the_picture_gets_304(pi: Pi, shape: str) -> None:
    pi.publish()
    etag = pi.get(ROUTE).headers["ETag"]
    pi.clocks.pass_time(3)
    response = pi.get(ROUTE, headers={"If-None-Match": shape.format(etag)})
    assert response.status_code == 304
    assert response.data == b""
    assert response.headers["ETag"] == etag
    assert response.headers["Age"] == "3"
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize("tag", ['"other"', "garbage", '"', ""])
def test_a_client_that_has_another_picture_gets_this_one(pi: Pi, tag: str) -> None:
    pi.publish()
    assert pi.get(ROUTE, headers={"If-None-Match": tag}).data == IMAGE


def test_the_same_bytes_taken_again_are_another_picture(pi: Pi) -> None:
    pi.publish()
    etag = pi.get(ROUTE).headers["ETag"]
    pi.clocks.pass_time(12)
    pi.publish()
    assert pi.get(ROUTE, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("jump", [{"days": 400}, {"days": -400}])
def test_a_jump_of_the_wall_clock_makes_no_picture_older_or_younger(pi: Pi, jump: dict[str, float]) -> None:
    pi.publish()
    pi.clocks.pass_time(5)
    pi.clocks.jump(**jump)
    response = pi.get(ROUTE)
    assert response.status_code == 200
    assert response.headers["Age"] == "5"


def test_after_the_clock_was_set_the_timestamp_follows_the_new_time(pi: Pi) -> None:
    pi.publish()
    pi.clocks.pass_time(5)
    pi.clocks.jump(hours=1)
    assert pi.get(ROUTE).headers["X-Snapshot-Timestamp"] == "2026-11-23T13:00:00.123Z"


def test_a_picture_of_before_the_last_boot_is_none(pi: Pi) -> None:
    pi.publish()
    pi.clocks.boottime_seconds = 20.0
    assert problem_of(pi.get(f"{ROUTE}?allow_stale=1"), 503)["type"] == "urn:carwash:problem:no-snapshot"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sequence": 1}', b"\xff\xfe"])
def test_damaged_metadata_is_no_picture_and_no_crash(pi: Pi, content: bytes) -> None:
    pi.paths.snapshot_metadata.write_bytes(content)
    problem_of(pi.get(ROUTE), 503)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "silent"}, "connected but sends no pictures"),
        ({"status": "frozen"}, "the same picture again and again"),
        ({"status": "disconnected", "last_error": {"reason": "unauthorized"}}, "does not accept the user name"),
        ({"status": "disconnected", "last_error": {"reason": "not found"}}, "does not know the path"),
        ({"status": "connecting", "last_error": {"reason": "timeout"}}, "does not answer in time"),
        ({"updated_boottime": 900.0}, "the stream service has not reported for a while"),
        ({"status": "nonsense"}, "the stream service has not reported"),
    ],
)
def test_the_reason_is_told_in_words(pi: Pi, changes: dict[str, object], words: str) -> None:
    pi.report_stream(**changes)
    assert words in problem_of(pi.get(ROUTE), 503)["detail"]


def test_an_unexpected_error_is_a_problem_document_without_details(pi: Pi, caplog: pytest.LogCaptureFixture) -> None:
    pi.publish()
    pi.get(ROUTE)
    pi.paths.stream_state.mkdir()  # no state file is ever a directory
    pi.clocks.pass_time(100)
    problem_of(pi.get(ROUTE), 503)
    pi.paths.history_dir.rename(pi.paths.run_dir / "away")
    pi.paths.history_dir.write_bytes(b"")
    problem = problem_of(pi.get("/api/snapshot/history"), 500)
    assert "carwash-snapshot.service" in problem["detail"]
    assert "NotADirectoryError" in caplog.text
