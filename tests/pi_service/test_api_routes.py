"""The other routes: info, history, probes, errors, pages of other origins, configurations that come and go."""

from __future__ import annotations

import pytest

from pi_service.atomic_files import write_json
from tests.pi_service.api_fixtures import IMAGE, KEY, Pi, pi, problem_of

__all__ = ["pi"]


def test_info_tells_everything_about_the_picture_and_the_stream(pi: Pi) -> None:
    metadata = pi.publish()
    pi.report_stream()
    write_json(pi.paths.agent_state, {"clock_synchronised": False})
    pi.clocks.pass_time(5)
    assert pi.get("/api/snapshot/info").get_json() == {
        "captured_at": "2026-11-23T12:00:00.123Z",
        "age_seconds": 5,
        "sequence": 1,
        "size_bytes": len(IMAGE),
        "width": 1920,
        "height": 1080,
        "sha256": metadata.sha256,
        "stale": False,
        "interval_seconds": 12,
        "stale_after_seconds": 36,
        "config_version": 1,
        "stream": {"status": "streaming", "since": "2026-11-23T11:00:00.000Z", "restarts": 2, "last_error": None},
        "clock_synchronised": False,
    }


def test_info_of_a_stale_picture_says_so(pi: Pi) -> None:
    pi.publish()
    pi.clocks.pass_time(100)
    info = pi.get("/api/snapshot/info").get_json()
    assert info["stale"] is True
    assert info["stream"]["status"] == "not reporting"


def test_info_never_shows_a_camera_password(pi: Pi) -> None:
    pi.publish()
    pi.report_stream(last_error={"reason": "refused", "detail": "rtsp://u:secret@cam/1: refused", "at": "x"})
    shown = pi.get("/api/snapshot/info").get_data(as_text=True)
    assert "secret" not in shown
    assert "rtsp://u:***@cam/1" in shown


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"clock_synchronised": "yes"}'])
def test_a_damaged_agent_file_leaves_the_clock_unknown(pi: Pi, content: bytes) -> None:
    pi.publish()
    pi.paths.agent_state.write_bytes(content)
    assert pi.get("/api/snapshot/info").get_json()["clock_synchronised"] is None


def test_the_history_lists_the_ring_newest_first(pi: Pi) -> None:
    for number in range(5):
        pi.publish(b"\xff\xd8 %d \xff\xd9" % number)
        pi.clocks.pass_time(12)
    pictures = pi.get("/api/snapshot/history").get_json()["snapshots"]
    assert [picture["sequence"] for picture in pictures] == [5, 4, 3]
    assert [picture["age_seconds"] for picture in pictures] == [12, 24, 36]
    assert pi.get(pictures[2]["href"]).data == b"\xff\xd8 2 \xff\xd9"


def test_an_old_picture_of_the_ring_is_marked_as_stale(pi: Pi) -> None:
    pi.publish()
    assert "X-Snapshot-Stale" not in pi.get("/api/snapshot/history/1").headers
    pi.clocks.pass_time(37)
    assert pi.get("/api/snapshot/history/1").headers["X-Snapshot-Stale"] == "true"


@pytest.mark.parametrize("sequence", ["2", "0", "-1", "abc", "1.0", "%D9%A1", "9" * 5000, "..%2Fsnapshot"])
def test_a_picture_the_ring_does_not_hold_is_404(pi: Pi, sequence: str) -> None:
    pi.publish()
    problem_of(pi.get(f"/api/snapshot/history/{sequence}"), 404)


def test_healthz_is_alive_whatever_happens(pi: Pi) -> None:
    pi.paths.config.write_text("{")
    assert pi.get("/healthz", key=None).get_json() == {"status": "alive"}


def test_readyz_is_200_only_with_a_fresh_picture(pi: Pi) -> None:
    problem_of(pi.get("/readyz", key=None), 503)
    pi.publish()
    assert pi.get("/readyz", key=None).status_code == 200
    pi.clocks.pass_time(37)
    assert "37 s old" in problem_of(pi.get("/readyz", key=None), 503)["detail"]


def test_an_unknown_route_is_a_problem_document(pi: Pi) -> None:
    problem_of(pi.get("/api/snapshots"), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_is_not_offered_is_405_and_names_those_that_are(pi: Pi, method: str) -> None:
    response = pi.get("/api/snapshot", method=method)
    problem_of(response, 405)
    assert "GET" in response.headers["Allow"]


def test_without_any_configuration_the_answer_says_what_to_do(pi: Pi) -> None:
    pi.paths.config.unlink()
    problem = problem_of(pi.get("/api/snapshot"), 503)
    assert str(pi.paths.config) in problem["detail"]
    assert "config apply" in problem["detail"]
    problem_of(pi.get("/readyz", key=None), 503)


def test_a_damaged_configuration_leaves_the_last_good_one_in_force(pi: Pi) -> None:
    pi.publish()
    assert pi.get("/api/snapshot").status_code == 200
    pi.paths.config.write_text('{"version": ')
    assert pi.get("/api/snapshot").status_code == 200
    pi.paths.config.unlink()
    assert pi.get("/api/snapshot").status_code == 200


@pytest.mark.parametrize("place", ["last_good_config", "previous_config"])
def test_a_start_with_a_damaged_configuration_falls_back(pi: Pi, place: str) -> None:
    pi.publish()
    pi.paths.config.rename(getattr(pi.paths, place))
    pi.paths.config.write_text("damaged")
    assert pi.get("/api/snapshot").status_code == 200


def test_a_changed_limit_holds_at_once(pi: Pi) -> None:
    pi.publish()
    pi.clocks.pass_time(20)
    assert pi.get("/api/snapshot").status_code == 200
    pi.configure(stale_after_seconds=15)
    problem_of(pi.get("/api/snapshot"), 503)


class TestPagesOfOtherOrigins:
    PAGE = "https://pos.example"

    def test_a_configured_origin_may_read_pictures_and_errors(self, pi: Pi) -> None:
        pi.configure(cors_origins=[self.PAGE])
        for key, status in ((KEY, 503), (None, 401)):
            response = pi.get("/api/snapshot", key=key, headers={"Origin": self.PAGE})
            assert response.status_code == status
            assert response.headers["Access-Control-Allow-Origin"] == self.PAGE
            assert response.headers["Vary"] == "Origin"

    def test_another_origin_may_not(self, pi: Pi) -> None:
        pi.configure(cors_origins=[self.PAGE])
        for origin in ("https://evil.example", "https://pos.example.evil.example", "null", "http://pos.example"):
            response = pi.get("/api/snapshot", headers={"Origin": origin})
            assert "Access-Control-Allow-Origin" not in response.headers
            assert response.headers["Vary"] == "Origin"

    def test_nothing_is_said_where_no_origin_is_configured(self, pi: Pi) -> None:
        response = pi.get("/api/snapshot", headers={"Origin": self.PAGE})
        assert "Access-Control" not in str(response.headers)

    def test_a_browser_may_ask_beforehand_without_a_key(self, pi: Pi) -> None:
        pi.configure(cors_origins=[self.PAGE])
        headers = {"Origin": self.PAGE, "Access-Control-Request-Method": "GET"}
        for route in ("/api/snapshot", "/api/snapshot/info", "/api/snapshot/history/1"):
            response = pi.get(route, key=None, method="OPTIONS", headers=headers)
            assert response.status_code == 204
            assert response.headers["Access-Control-Allow-Origin"] == self.PAGE
            assert "X-API-Key" in response.headers["Access-Control-Allow-Headers"]
            assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
