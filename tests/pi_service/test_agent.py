"""The agent as a whole: what it sees, what it writes down, and how systemd sees it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pi_service.agent import Agent
from pi_service.atomic_files import read_json, write_json
from pi_service.health_monitor import HealthMonitor, HealthSample
from pi_service.paths import Paths
from tests.pi_service.agent_fixtures import FileJournal, journal
from tests.pi_service.api_fixtures import TurnedClocks, stream_document

__all__ = ["journal"]

PROGRAM = "import sys; from pi_service.agent import main; sys.exit(main())"
COOL = HealthSample(1.0, 100, 1000, 50.0, 40.0, {}, {})


class Site:
    """A Pi with an agent, an API that answers, and a stream that the test plays."""

    def __init__(self, paths: Paths, document: dict[str, Any], journal: FileJournal) -> None:
        self.paths = paths
        self.clocks = TurnedClocks()
        of_this_machine = {"unit_memory_bytes": 2**40, "disk_usage_percent": 99}  # where other sites may run as well
        self.document = document | {"self_healing": {"cooldown_seconds": 10}, "thresholds": of_this_machine}
        write_json(paths.config, self.document)
        self.stream()
        self.agent = Agent(paths, journal=journal.reader, boottime=self.clocks.boottime)
        self.done: list[str] = []

    def stream(self, **changes: Any) -> None:
        write_json(self.paths.stream_state, stream_document(self.clocks) | changes)

    def tick(self, seconds: float = 5.0) -> dict[str, Any]:
        """Time passes, the agent looks around; gives `agent.json`."""
        self.clocks.pass_time(seconds)
        self.agent.tick()
        document = read_json(self.paths.agent_state)
        assert document is not None
        return document


@pytest.fixture
def api_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """An API that says it is alive."""

    class Alive(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name it has in http.server
            """Nothing: the test's own output is enough."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Alive)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    port = int(server.server_address[1])
    monkeypatch.setenv("CARWASH_LISTEN", f"127.0.0.1:{port}")
    yield port
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(
    paths: Paths,
    config_document: dict[str, Any],
    journal: FileJournal,
    api_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    site = Site(paths, config_document, journal)
    monkeypatch.setattr(site.agent.actions, "perform", lambda action, why: site.done.append(action))
    return site


def names(document: dict[str, Any]) -> list[str]:
    return [condition["name"] for condition in document["conditions"]]


def test_a_healthy_site_has_nothing_to_tell(site: Site) -> None:
    document = site.tick()
    assert document == {
        "actions": [],
        "conditions": [],
        "clock_synchronised": document["clock_synchronised"],
        "control": {"reachable": None, "last_success_at": None, "fault": "", "backlog_entries": 0},
        "updated_boottime": 1005.0,
    }
    assert site.agent.sentence() == "all well; working alone"


def test_a_frozen_camera_is_noted_with_its_beginning_and_acted_on(site: Site) -> None:
    for _ in range(5):
        site.stream(status="frozen")
        document = site.tick()
    (condition,) = document["conditions"]
    assert condition["name"] == "stream_frozen"
    assert condition["since"].endswith("Z")
    assert site.done == ["restart_ffmpeg", "restart_stream"]
    assert document["actions"][0] == {"action": "restart_ffmpeg", "count": 1, "result": "ok"}
    site.stream()
    assert names(site.tick()) == []


def test_an_api_that_hangs_is_restarted_after_three_looks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("CARWASH_LISTEN", f"127.0.0.1:{closed.getsockname()[1]}")
        site.agent = Agent(site.paths, boottime=site.clocks.boottime)
        monkeypatch.setattr(site.agent.actions, "perform", lambda action, why: site.done.append(action))
        for _ in range(3):
            site.stream()
            document = site.tick()
    assert names(document) == ["api_not_answering"]
    assert site.done == ["restart_api"]


def test_heat_is_over_only_when_it_is_five_degrees_cooler_also_where_nothing_could_be_slowed_down(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for celsius in (79.0, 81.0, 77.0, 74.0, 77.0):
        sample = replace(COOL, temperature_celsius=celsius)
        monkeypatch.setattr(HealthMonitor, "sample", lambda _monitor, sample=sample: sample)
        site.stream()
        found.append(names(site.tick()))
    assert found == [[], ["too_hot"], ["too_hot"], [], []]


def test_a_corrupted_configuration_is_seen_and_restored(site: Site, paths: Paths) -> None:
    write_json(paths.last_good_config, site.document)
    paths.config.write_bytes(b"\x00\x00")
    site.agent = Agent(paths, boottime=site.clocks.boottime)  # with its real hands
    assert names(site.tick()) == ["config_damaged"]
    site.stream()
    site.tick()
    site.stream()
    document = site.tick()
    assert read_json(paths.config) == site.document
    assert document["conditions"] == []
    assert {"action": "restore_config", "result": "ok", "count": 1} in document["actions"]


def test_without_any_configuration_the_agent_goes_on_looking(paths: Paths, journal: FileJournal, api_port: int) -> None:
    agent = Agent(paths, journal=journal.reader)
    agent.tick()
    assert (read_json(paths.agent_state) or {})["conditions"] == []


def test_counts_go_on_after_a_restart(site: Site, journal: FileJournal) -> None:
    for _ in range(4):
        site.stream(status="silent")
        before = site.tick()["actions"]
    again = Agent(site.paths, journal=journal.reader, boottime=site.clocks.boottime)
    assert again.document()["actions"] == before != []


@pytest.fixture
def environment(paths: Paths, config_document: dict[str, Any], tmp_path: Path, api_port: int) -> dict[str, str]:
    write_json(paths.config, config_document)
    return os.environ | {
        "CARWASH_CONFIG": str(paths.config),
        "CARWASH_RUN_DIR": str(paths.run_dir),
        "CARWASH_STATE_DIR": str(paths.state_dir),
        "CARWASH_LISTEN": f"127.0.0.1:{api_port}",
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
    }


def test_systemd_hears_of_every_turn_of_the_loop_and_sigterm_ends_it(paths: Paths, environment: dict[str, str]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(environment["NOTIFY_SOCKET"])
        systemd.settimeout(30)
        process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment)
        try:
            heard = ""
            while "WATCHDOG=1" not in heard:
                heard += systemd.recv(4096).decode() + "\n"
            assert "READY=1" in heard
            assert "STATUS=" in heard
            assert json.loads(paths.agent_state.read_bytes())["updated_boottime"] > 0
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait(30)


def test_a_state_directory_that_cannot_be_used_ends_in_one_sentence(paths: Paths, environment: dict[str, str]) -> None:
    paths.backlog_dir.write_bytes(b"in the way")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "the agent cannot start" in done.stderr
    assert "Traceback" not in done.stderr
