"""A snapshot API on a free port of this machine, real HTTP, that answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffc0000b080001000101011100ffc40014000100000000"
    "0000000000000000000009ffc40014100100000000000000000000000000000000ffda0008010100003f00547fffd9"
)
"""One grey pixel."""
MOMENT = "2026-03-04T05:06:02.250Z"
FRESH = {
    "Content-Type": "image/jpeg", "Age": "5", "X-Snapshot-Timestamp": MOMENT, "X-Snapshot-Sequence": "77",
    "Set-Cookie": "secret=1",
}  # fmt: skip


@dataclass
class Pi:
    """What it answers to whom. `asked`: path and key of every request."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: dict(FRESH))
    body: bytes = JPEG
    pieces: Callable[[], Iterator[bytes]] | None = None
    """Sent instead of the body, one after the other, without a length."""
    silent_seconds: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)
    """Ends every wait of the server, once its test is through."""
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Pi]:
    pi = Pi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pi))
    server.daemon_threads = True
    pi.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield pi
    pi.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(pi: Pi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pi.asked.append((self.path, self.headers.get("X-API-Key", "")))
            pi.over.wait(pi.silent_seconds)
            try:
                self._answer()
            except (BrokenPipeError, ConnectionResetError):  # whoever asked has had enough
                self.close_connection = True

        def _answer(self) -> None:
            self.send_response(pi.status)
            for name, value in pi.headers.items():
                self.send_header(name, value)
            if pi.pieces is None:
                self.send_header("Content-Length", str(len(pi.body)))
            self.end_headers()
            for piece in [pi.body] if pi.pieces is None else pi.pieces():
                self.wfile.write(piece)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the library names it
            """Not on the terminal of the tests."""

    return Handler
