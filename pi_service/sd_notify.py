"""Tells systemd how we are (sd_notify(3)): one datagram a message, nothing where nobody listens."""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)

_SEND_TIMEOUT_SECONDS = 0.2  # systemd takes them at once, or is in greater trouble than we are


def ready(sentence: str = "") -> None:
    """The unit has started."""
    _send("READY=1", *_status(sentence))


def stopping(sentence: str = "") -> None:
    """The unit is on its way out."""
    _send("STOPPING=1", *_status(sentence))


def status(sentence: str) -> None:
    """The sentence `systemctl status` shows."""
    _send(*_status(sentence))


def watchdog() -> None:
    """We are well: systemd begins the watchdog's time anew."""
    _send("WATCHDOG=1")


def watchdog_timeout(seconds: float) -> None:
    """How long systemd may go without `watchdog` before it restarts us."""
    _send(f"WATCHDOG_USEC={round(seconds * 1_000_000)}")


class Notifier:
    """Says everything once: being ready, and each sentence and watchdog time only when it has changed."""

    def __init__(self) -> None:
        self._ready = False
        self._sentence = ""
        self._timeout_seconds = 0.0

    def ready(self) -> None:
        if not self._ready:
            self._ready = True
            ready(self._sentence)

    def status(self, sentence: str) -> None:
        if sentence != self._sentence:
            self._sentence = sentence
            status(sentence)

    def watchdog_timeout(self, seconds: float) -> None:
        if seconds != self._timeout_seconds:
            self._timeout_seconds = seconds
            watchdog_timeout(seconds)


def _status(sentence: str) -> list[str]:
    return [f"STATUS={' '.join(sentence.split())}"] if sentence else []


def _send(*assignments: str) -> None:
    """One datagram to the socket named by `NOTIFY_SOCKET`; `@` stands for the abstract namespace."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
            connection.settimeout(_SEND_TIMEOUT_SECONDS)
            connection.connect("\0" + address[1:] if address.startswith("@") else address)
            connection.sendall("\n".join(assignments).encode())
    except OSError as error:
        log.warning("systemd did not take %s: %s", assignments[0].partition("=")[0], error)
