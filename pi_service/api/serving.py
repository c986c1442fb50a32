"""Serves the API: opens the port, tells systemd, proves the server answers, and ends in order."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from flask import Flask
from waitress.server import create_server
from waitress.wasyncore import loop

from pi_service import sd_notify
from pi_service.api.probe import probe
from pi_service.paths import listen_address

log = logging.getLogger(__name__)

THREADS = 4
CONNECTION_LIMIT = 200
IDLE_CONNECTION_SECONDS = 60
LARGEST_REQUEST_BYTES = 64 * 1024  # no request of ours has a body; waitress would keep a gigabyte of one on disk
PROBE_INTERVAL_SECONDS = 5.0
DRAIN_SECONDS = 5.0
_Map = dict[int, Any]


def serve(make_app: Callable[[], Flask], *, housekeeping: Callable[[], None]) -> int:
    """Serve at CARWASH_LISTEN until SIGTERM or SIGINT. Returns 0; or 1, with a sentence, without the port."""
    sockets: _Map = {}
    try:
        host, port = listen_address()
        server = open_server(make_app(), host, port, sockets)
    except (OSError, ValueError) as error:
        print(f"carwash api cannot listen: {_explained(error)}", file=sys.stderr)  # noqa: T201  # before any log
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    heartbeat = Heartbeat(host, port, housekeeping)
    heartbeat.start()
    server.run()
    heartbeat.stop()
    sd_notify.stopping()
    finish_answers(server, sockets)
    return 0


def open_server(app: Flask, host: str, port: int, sockets: _Map) -> Any:
    """A waitress server that listens already. `sockets` becomes its map of open connections. Raises OSError."""
    return create_server(
        app,
        map=sockets,
        host=host or "0.0.0.0",  # noqa: S104  # an empty host is the documented way to say "everywhere"
        port=port,
        threads=THREADS,
        connection_limit=CONNECTION_LIMIT,
        channel_timeout=IDLE_CONNECTION_SECONDS,
        max_request_body_size=LARGEST_REQUEST_BYTES,
        max_request_header_size=LARGEST_REQUEST_BYTES,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )


def finish_answers(server: Any, sockets: _Map) -> None:
    """After `run` has ended: take no more connections, and send what is still to be sent, for DRAIN_SECONDS at most."""
    server.accepting = False
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline and _unsent_bytes(sockets):
        loop(timeout=0.1, map=sockets, count=1)
    server.close()


class Heartbeat(threading.Thread):
    """Asks the server for /healthz through its own port, and tells systemd READY and WATCHDOG only when it answers."""

    def __init__(self, host: str, port: int, housekeeping: Callable[[], None]) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._host = host
        self._port = port
        self._housekeeping = housekeeping
        self._notifier = sd_notify.Notifier()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Beat until stopped."""
        ready = False
        while not self._stopped.is_set():
            fault = probe(self._host, self._port)
            if not fault and not ready:
                ready = True
                self._notifier.ready()
                log.info("answering on port %d", self._port)
            if not fault:
                sd_notify.watchdog()
                self._notifier.status(f"Answering on port {self._port}")
            else:
                self._notifier.status(f"Does not answer its own request on port {self._port}: {fault}")
                log.error("the API does not answer its own request: %s", fault)
            self._housekeeping()
            self._stopped.wait(PROBE_INTERVAL_SECONDS if ready else 0.1)

    def stop(self) -> None:
        """Beat no more."""
        self._stopped.set()


def _unsent_bytes(sockets: _Map) -> int:
    return sum(getattr(channel, "total_outbufs_len", 0) for channel in list(sockets.values()))


def _explained(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}. Is the port taken? CARWASH_LISTEN sets another."
    return str(error)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
