"""The agent and its control plane, over real HTTP: going away, coming back, and answering nonsense."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from pi_service.agent import Agent
from pi_service.atomic_files import write_json
from pi_service.paths import Paths
from pi_service.sync import control_client
from pi_service.sync.control_client import MAX_ANSWER_BYTES, ControlClient, ControlError, UnauthorizedError
from pi_service.sync.outbox import LINES_PER_CHECKIN
from tests.pi_service.agent_fixtures import (
    TOKEN,
    ControlPlane,
    FileJournal,
    Reply,
    agent,
    checked_in,
    clocks,
    control_plane,
    document,
    journal,
    token_file,
)

__all__ = ["agent", "clocks", "control_plane", "document", "journal", "token_file"]

CHECKIN = "/api/agent/checkin"


def messages(plane: ControlPlane) -> list[str]:
    return [line["message"] for checkin in plane.checkins for line in checkin["logs"]]


def test_a_check_in_tells_who_and_how_this_pi_is(agent: Agent, control_plane: ControlPlane) -> None:
    assert checked_in(agent) == 10
    checkin = control_plane.checkins[0]
    assert checkin["device_id"] == "wash-0001"
    assert checkin["config_version"] == 1
    assert {"status", "stream", "metrics", "logs", "samples", "action_results"} <= checkin.keys()
    assert checkin["status"]["backlog"] == {"entries": 0, "dropped_entries": 0}
    assert control_plane.tokens == [f"Bearer {TOKEN}"]
    assert agent.document()["control"]["reachable"] is True


def test_without_a_control_url_nobody_is_talked_to(
    paths: Paths, config_document: dict[str, Any], journal: FileJournal
) -> None:
    write_json(paths.config, config_document)
    agent = Agent(paths, journal=journal.reader)
    checked_in(agent)
    assert agent.document()["control"]["reachable"] is None


def test_the_journal_is_shipped_once_and_without_passwords(
    agent: Agent, control_plane: ControlPlane, journal: FileJournal
) -> None:
    journal.write("one", "rtsp://u:secret@cam/1 refused", list(b"tw\xffo"), None, "x" * 5000)
    checked_in(agent)
    checked_in(agent)
    journal.write("three")
    checked_in(agent)
    found = messages(control_plane)
    assert found == ["one", "rtsp://u:***@cam/1 refused", "tw�o", "", "x" * 2000, "three"]
    line = control_plane.checkins[0]["logs"][0]
    assert line == {
        "id": "s=1",
        "at": "2026-11-23T12:00:00.000Z",
        "unit": "carwash-stream.service",
        "priority": 6,
        "message": "one",
    }


def test_after_an_outage_everything_arrives_once_and_in_order(
    paths: Paths, agent: Agent, control_plane: ControlPlane, journal: FileJournal
) -> None:
    written = [f"line {number}" for number in range(700)]
    journal.write(*written[:50])
    checked_in(agent)
    control_plane.stop()
    for start in range(50, 650, 100):
        journal.write(*written[start : start + 100])
        checked_in(agent)
    assert agent.document()["control"] | {"fault": ""} == {
        "reachable": False,
        "last_success_at": agent.document()["control"]["last_success_at"],
        "backlog_entries": 601,  # 600 lines and one sample: there is at most one a minute
        "fault": "",
    }
    agent = Agent(paths, journal=journal.reader)  # a restart in between loses nothing
    journal.write(*written[650:])
    control_plane.start()
    rounds = 0
    while checked_in(agent) < 10:
        rounds += 1
        assert rounds < 10
    assert messages(control_plane) == written
    assert len([sample for checkin in control_plane.checkins for sample in checkin["samples"]]) == 1
    assert max(len(checkin["logs"]) for checkin in control_plane.checkins) <= 2 * LINES_PER_CHECKIN
    assert agent.document()["control"]["backlog_entries"] == 0


def test_waits_grow_to_a_minute_and_end_with_the_first_success(agent: Agent, control_plane: ControlPlane) -> None:
    control_plane.stop()
    waits = [checked_in(agent) for _ in range(12)]
    assert waits[0] <= 1
    assert 45 <= waits[-1] <= 60
    control_plane.start()
    while (wait := checked_in(agent)) < 10:
        pass
    assert wait == 10
    control_plane.stop()
    assert checked_in(agent) <= 1


@pytest.mark.parametrize("content", ["", "wrong\n", "two words", "ключ", "\x07"])
def test_a_wrong_token_is_told_and_asked_with_less_often(
    agent: Agent, token_file: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    token_file.write_text(content)
    assert checked_in(agent) >= 60
    assert "token" in caplog.text
    assert agent.document()["control"]["reachable"] is False


def test_a_missing_token_file_is_named(agent: Agent, token_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    token_file.unlink()
    assert checked_in(agent) >= 60
    assert str(token_file) in caplog.text


class TestAHostileControlPlane:
    def reply(self, plane: ControlPlane, status: int, headers: dict[str, str], body: bytes) -> None:
        plane.replies[CHECKIN] = lambda _request: (status, headers, body)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, b""),
            (200, b"<html>"),
            (200, b"[]"),
            (200, b"null"),
            (200, b"\xff\xfe"),
            (500, b"{}"),
            (404, b"{}"),
            (204, b""),
            (200, b"[" * 100_000),
            (200, b" " * (MAX_ANSWER_BYTES + 1)),
        ],
    )  # fmt: skip
    def test_a_useless_answer_is_a_failed_check_in(
        self, agent: Agent, control_plane: ControlPlane, status: int, body: bytes
    ) -> None:
        self.reply(control_plane, status, {}, body)
        checked_in(agent)
        assert agent.document()["control"]["reachable"] is False

    @pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +2300", "soon"])
    def test_an_impossible_date_is_not_believed(self, agent: Agent, control_plane: ControlPlane, date: str) -> None:
        self.reply(control_plane, 200, {"Date": date}, b'{"actions": [{"id": "a", "kind": "dance"}]}')
        assert checked_in(agent) == 1
        assert agent.document()["control"]["reachable"] is True

    def test_an_answer_nobody_has_thought_of_is_a_failed_check_in_and_not_the_end(
        self, agent: Agent, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> bool:
            raise RecursionError("a kind nested as deeply as JSON just allows")

        monkeypatch.setattr(agent.pull, "follow", fail)
        assert checked_in(agent) <= 1
        assert "RecursionError" in agent.document()["control"]["fault"]

    def test_a_redirect_is_not_followed(self, agent: Agent, control_plane: ControlPlane) -> None:
        self.reply(control_plane, 307, {"Location": "/elsewhere"}, b"")
        checked_in(agent)
        assert len(control_plane.tokens) == 1
        assert "redirects" in agent.document()["control"]["fault"]

    @pytest.mark.parametrize(
        "answer",
        [
            {"desired_version": "2", "config_url": "/config"},
            {"desired_version": True, "config_url": "/config"},
            {"desired_version": 2.5, "config_url": "/config"},
            {"desired_version": 2},
            {"desired_version": 2, "config_url": 7},
            {"actions": "reboot"},
            {"actions": [None, 3, {}, {"id": 7}, {"id": ""}]},
            {"desired_version": 2, "config_url": "//["},
            {"desired_version": 2, "config_url": "http://127.0.0.1:99999/"},
            {"desired_version": 2, "config_url": "/con fig\r\nX: y"},
            {"desired_version": 2, "config_url": "/köln"},
            {"actions": [{"id": "far", "kind": "reboot", "expires_at": "9999-12-31T23:59:59-23:59"}]},
        ],
    )
    def test_nonsense_in_the_answer_changes_nothing(
        self, paths: Paths, agent: Agent, control_plane: ControlPlane, answer: dict[str, Any]
    ) -> None:
        control_plane.answer = answer
        before = paths.config.read_bytes()
        checked_in(agent)
        checked_in(agent)
        assert paths.config.read_bytes() == before
        assert agent.document()["control"]["reachable"] is True

    @pytest.mark.parametrize("address", ["http://localhost:{port}/config", "https://127.0.0.1:{port}/config",
                                         "//localhost:{port}/config", "http://user@127.0.0.1:{port}/config",
                                         "file:///etc/passwd", "http://127.0.0.1:1/config"])  # fmt: skip
    def test_the_token_goes_to_no_other_origin(self, agent: Agent, control_plane: ControlPlane, address: str) -> None:
        control_plane.answer = {"desired_version": 2, "config_url": address.format(port=control_plane.port)}
        checked_in(agent)
        assert len(control_plane.tokens) == 1
        checked_in(agent)
        assert "refused" in control_plane.checkins[-1]["status"]["pull"]["reason"]

    def test_an_answer_that_trickles_is_cut(self, control_plane: ControlPlane, token_file: Path) -> None:
        cut = threading.Event()

        def trickle(request: BaseHTTPRequestHandler) -> Reply | None:
            request.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while not cut.wait(0.02):
                request.wfile.write(b" ")
            return None

        control_plane.replies[CHECKIN] = trickle
        started = time.monotonic()
        with pytest.raises(ControlError):
            ControlClient(control_plane.url, token_file, timeout_seconds=0.3).check_in({})
        cut.set()
        assert time.monotonic() - started < control_client.CONNECT_TIMEOUT_SECONDS

    def test_a_disk_that_takes_no_backlog_stops_nothing(self, paths: Paths, agent: Agent, journal: FileJournal,
                                                        control_plane: ControlPlane) -> None:  # fmt: skip
        control_plane.stop()
        journal.write("one")
        paths.backlog_dir.rename(paths.state_dir / "away")
        checked_in(agent)
        (paths.state_dir / "away").rename(paths.backlog_dir)
        control_plane.start()
        checked_in(agent)
        assert messages(control_plane) == ["one"]

    def test_a_full_disk_is_not_filled_further_with_a_line_for_every_check_in(
        self, paths: Paths, agent: Agent, control_plane: ControlPlane, caplog: pytest.LogCaptureFixture
    ) -> None:
        control_plane.stop()
        paths.backlog_dir.rename(paths.state_dir / "away")
        for _ in range(3):
            checked_in(agent)
        assert caplog.text.count("the backlog cannot be written") == 1


def test_a_401_from_the_client_is_its_own_error(control_plane: ControlPlane, token_file: Path) -> None:
    token_file.write_text("other")
    with pytest.raises(UnauthorizedError, match="does not accept the device token"):
        ControlClient(control_plane.url, token_file).check_in({})


def test_a_lost_place_in_the_journal_begins_anew(
    paths: Paths, agent: Agent, control_plane: ControlPlane, journal: FileJournal
) -> None:
    write_json(paths.state_dir / "journal-cursor.json", {"cursor": "lost"})
    journal.write("one")
    agent = Agent(paths, journal=journal.reader)
    checked_in(agent)
    checked_in(agent)
    assert messages(control_plane) == ["one"]
