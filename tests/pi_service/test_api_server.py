"""The API as systemd starts it: a real process, a real port, real signals."""

from __future__ import annotations

import http.client
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pi_service.api.probe import probe
from pi_service.api.request_log import NOTABLE_PER_PERIOD, RequestLog
from tests.pi_service.api_fixtures import KEY, Pi, TurnedClocks, pi

__all__ = ["pi"]

PROGRAM = "import sys; from pi_service.api_server import main; sys.exit(main())"
BIG = b"\xff\xd8" + bytes(3_000_000) + b"\xff\xd9"


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket systemd listens on for a unit's notifications."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(20)
        yield listener


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running_api(pi: Pi, listen: str, systemd: socket.socket) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {
        "CARWASH_CONFIG": str(pi.paths.config),
        "CARWASH_RUN_DIR": str(pi.paths.run_dir),
        "CARWASH_STATE_DIR": str(pi.paths.state_dir),
        "CARWASH_LISTEN": listen,
        "NOTIFY_SOCKET": systemd.getsockname(),
    }
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def message(systemd: socket.socket, start: str) -> str:
    """Wait for the notification that begins so."""
    while True:
        text = systemd.recv(4096).decode()
        if text.startswith(start):
            return text


def test_ready_and_watchdog_are_told_once_the_port_answers(pi: Pi, systemd: socket.socket) -> None:
    port = free_port()
    with running_api(pi, f"127.0.0.1:{port}", systemd) as process:
        message(systemd, "READY=1")
        assert probe("0.0.0.0", port) == ""  # noqa: S104  # the address of a listener everywhere
        message(systemd, "WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        message(systemd, "STOPPING=1")
        assert process.wait(20) == 0


def test_a_picture_goes_through_the_real_port_with_head_and_conditions(pi: Pi, systemd: socket.socket) -> None:
    pi.publish_now(BIG)
    port = free_port()
    with running_api(pi, f"0.0.0.0:{port}", systemd):
        message(systemd, "READY=1")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for _ in range(3):
            connection.request("GET", "/api/snapshot", headers={"X-API-Key": KEY})
            answer = connection.getresponse()
            assert answer.read() == BIG
        etag = answer.headers["ETag"]
        connection.request("GET", "/api/snapshot", headers={"X-API-Key": KEY, "If-None-Match": etag})
        unchanged = connection.getresponse()
        assert unchanged.read() == b""
        assert unchanged.status == 304
        assert "Server" not in unchanged.headers
        connection.request("HEAD", "/api/snapshot", headers={"X-API-Key": KEY})  # waitress 2 hangs up after HEAD
        head = connection.getresponse()
        assert head.read() == b""
        assert head.headers["Content-Length"] == str(len(BIG))
        connection.close()


def test_an_answer_under_way_is_finished_after_sigterm(pi: Pi, systemd: socket.socket) -> None:
    pi.publish_now(BIG * 4)
    port = free_port()
    with running_api(pi, f"127.0.0.1:{port}", systemd) as process:
        message(systemd, "READY=1")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
            slow.sendall(f"GET /api/snapshot HTTP/1.0\r\nX-API-Key: {KEY}\r\n\r\n".encode())
            received = slow.recv(1000)
            process.send_signal(signal.SIGTERM)
            while chunk := slow.recv(1_000_000):
                received += chunk
        assert received.endswith(BIG * 4)
        assert process.wait(20) == 0


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1:99999", "127.0.0.1:", "192.0.2.1:8080"])
def test_an_address_that_cannot_be_used_ends_in_one_sentence(pi: Pi, systemd: socket.socket, listen: str) -> None:
    with running_api(pi, listen, systemd) as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "CARWASH_LISTEN" in errors
    assert "Traceback" not in errors


def test_a_port_in_use_ends_in_one_sentence(pi: Pi, systemd: socket.socket) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with running_api(pi, f"127.0.0.1:{taken.getsockname()[1]}", systemd) as process:
            _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "Address already in use" in errors
    assert "Traceback" not in errors


def test_a_server_that_accepts_and_says_nothing_counts_as_hung() -> None:
    with socket.socket() as hung:
        hung.bind(("127.0.0.1", 0))
        hung.listen()
        assert "timed out" in probe("127.0.0.1", hung.getsockname()[1], timeout_seconds=0.2)


def test_the_request_log_is_a_summary_a_minute_and_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    clocks = TurnedClocks()
    request_log = RequestLog(clocks.boottime)
    caplog.set_level(logging.INFO)
    for _ in range(5000):
        request_log.note("/api/snapshot", "GET", 401, "invalid", 0.001, "192.0.2.7")
        request_log.note("/api/snapshot", "GET", 200, "till", 0.002, "192.0.2.7")
    assert len(caplog.records) == NOTABLE_PER_PERIOD
    request_log.flush_if_due()
    assert len(caplog.records) == NOTABLE_PER_PERIOD
    clocks.pass_time(60)
    request_log.flush_if_due()
    summaries = [record.getMessage() for record in caplog.records[NOTABLE_PER_PERIOD:]]
    assert summaries == [
        "last minute, key invalid: 5000 requests (401=5000), p50 1.0 ms, p99 1.0 ms",
        "last minute, key till: 5000 requests (200=5000), p50 2.0 ms, p99 2.0 ms",
    ]
    clocks.pass_time(60)
    request_log.flush_if_due()
    assert len(caplog.records) == NOTABLE_PER_PERIOD + 2


def test_a_large_request_is_refused_and_not_kept(pi: Pi, systemd: socket.socket) -> None:
    port = free_port()
    with running_api(pi, f"127.0.0.1:{port}", systemd):
        message(systemd, "READY=1")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.putrequest("POST", "/api/snapshot")
        connection.putheader("Content-Length", str(500_000_000))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
