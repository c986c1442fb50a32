from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pi_service import sd_notify


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket on which systemd would listen."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path if request.param == "path" else "\0" + path)
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", path if request.param == "path" else "@" + path)
        yield listener


def test_messages_arrive_as_systemd_expects_them(systemd: socket.socket) -> None:
    sd_notify.ready("Answering")
    sd_notify.watchdog()
    sd_notify.watchdog_timeout(45.5)
    sd_notify.stopping()

    received = [systemd.recv(1000) for _ in range(4)]

    assert received == [b"READY=1\nSTATUS=Answering", b"WATCHDOG=1", b"WATCHDOG_USEC=45500000", b"STOPPING=1"]


def test_a_line_break_in_a_sentence_cannot_smuggle_in_another_message(systemd: socket.socket) -> None:
    sd_notify.status("one\nWATCHDOG=1")

    assert systemd.recv(1000) == b"STATUS=one WATCHDOG=1"


def test_the_notifier_says_everything_once(systemd: socket.socket) -> None:
    notifier = sd_notify.Notifier()
    for _ in range(3):
        notifier.status("well")
        notifier.watchdog_timeout(30)
        notifier.ready()
    notifier.status("unwell")

    assert [systemd.recv(1000) for _ in range(4)] == [
        b"STATUS=well",
        b"WATCHDOG_USEC=30000000",
        b"READY=1\nSTATUS=well",
        b"STATUS=unwell",
    ]
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        systemd.recv(1000)


def test_nothing_is_sent_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    sd_notify.watchdog()


def test_a_listener_that_has_gone_is_a_warning_and_not_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))

    sd_notify.watchdog()

    assert "systemd did not take WATCHDOG" in caplog.text
