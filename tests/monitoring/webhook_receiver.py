"""A service that is told of alerts, as a tenant's ticket system would be."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECONDS = 60


@dataclass(frozen=True)
class Notification:
    """One message: at which path, with which token, and what it says."""

    path: str
    authorization: str
    message: dict[str, Any]

    @property
    def status(self) -> str:
        return str(self.message["status"])

    @property
    def severity(self) -> str:
        return str(self.message["commonLabels"].get("severity", ""))

    @property
    def names(self) -> set[str]:
        return {alert["labels"]["alertname"] for alert in self.message["alerts"]}


class WebhookReceiver:
    """A context manager; takes whatever is posted."""

    def __init__(self) -> None:
        self._told: list[Notification] = []
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def told(self) -> list[Notification]:
        with self._news:
            return list(self._told)

    def wait_for(self, wanted: Callable[[Notification], bool]) -> Notification:
        """The first that is as wanted, as soon as it is there. AssertionError when it does not come."""
        deadline = time.monotonic() + SECONDS
        with self._news:
            while True:
                found = next((one for one in self._told if wanted(one)), None)
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                assert left > 0, f"not told within {SECONDS} s, only of {[(one.path, one.names) for one in self._told]}"
                self._news.wait(left)

    def __enter__(self) -> WebhookReceiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, notification: Notification) -> None:
        with self._news:
            self._told.append(notification)
            self._news.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                take(Notification(self.path, self.headers.get("Authorization", ""), body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the standard library's
                """Nothing: the test says what it was told."""

        return Handler
