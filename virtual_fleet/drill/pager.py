"""The pager of whoever is on call: an HTTP server that Alertmanager's webhook receivers reach, with the time of each
message."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LARGEST_MESSAGE_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Notification:
    """One message. Times are Unix seconds."""

    received_at: float
    receiver: str
    """What it was sent to: the path of the address."""
    status: str
    """`firing` or `resolved`."""
    group: dict[str, str]
    alerts: list[dict[str, Any]] = field(repr=False)
    authorization: str = field(default="", repr=False)

    def of_device(self, device: str) -> list[dict[str, Any]]:
        """Its firing alerts about a device."""
        return [one for one in self.alerts if one["status"] == "firing" and one["labels"].get("device") == device]

    @property
    def names(self) -> set[str]:
        """Of its alerts."""
        return {alert["labels"]["alertname"] for alert in self.alerts}

    @property
    def severity(self) -> str:
        return self.group.get("severity", "")


class Pager:
    """Listens on `address`, any free port, as a context manager."""

    def __init__(self, address: str) -> None:
        self._came = threading.Condition()
        self._notifications: list[Notification] = []
        self._server = ThreadingHTTPServer((address, 0), _handler(self._take))
        self._thread = threading.Thread(target=self._server.serve_forever, name="pager", daemon=True)

    def __enter__(self) -> Pager:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, receiver: str) -> str:
        """Where messages for this receiver are sent."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/{receiver}"

    @property
    def notifications(self) -> list[Notification]:
        """Everything so far, oldest first."""
        with self._came:
            return list(self._notifications)

    def wait_for(self, wanted: Callable[[Notification], bool], *, timeout: float) -> Notification | None:
        """The first message that is `wanted`, those that have come already included; None where none comes in time."""
        deadline = time.monotonic() + timeout
        with self._came:
            while True:
                found = next((one for one in self._notifications if wanted(one)), None)
                left = deadline - time.monotonic()
                if found is not None or left <= 0:
                    return found
                self._came.wait(left)

    def _take(self, receiver: str, authorization: str, message: dict[str, Any]) -> None:
        alerts = list(message["alerts"])
        notification = Notification(
            time.time(), receiver, message["status"], message["groupLabels"], alerts, authorization
        )
        with self._came:
            self._notifications.append(notification)
            self._came.notify_all()


def _handler(take: Callable[[str, str, dict[str, Any]], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            if length > LARGEST_MESSAGE_BYTES:
                self.send_error(413)
                return
            try:
                message = json.loads(self.rfile.read(length))
                take(self.path.strip("/"), self.headers.get("Authorization", ""), message)
            except (ValueError, KeyError) as fault:
                self.send_error(400, f"no message of Alertmanager's: {fault!r}")
                return
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Nothing: the messages themselves are kept."""

    return Handler
