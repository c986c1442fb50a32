"""A control plane that answers what a test wants of it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "t0ken-of-the-inventory"


@dataclass
class Answer:
    """`held` keeps it back until a test lets go."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    held: threading.Event | None = None


@dataclass
class ControlPlane:
    """A server on loopback, for as long as a test lasts."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Authorization of every request."""

    def has(self, *devices: dict[str, Any], path: str = "/api/inventory", following: str | None = None) -> None:
        self.sends({"devices": list(devices), "next": following}, path)

    def sends(self, document: Any, path: str = "/api/inventory") -> None:
        self.answers[path] = Answer(body=json.dumps(document).encode())


@contextmanager
def control_plane() -> Iterator[ControlPlane]:
    plane = ControlPlane()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            plane.asked.append((self.path, self.headers.get("Authorization")))
            answer = plane.answers.get(self.path, Answer(404))
            if answer.held:
                answer.held.wait(60)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            """Not on the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        plane.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield plane
        finally:
            for answer in plane.answers.values():
                if answer.held:
                    answer.held.set()
            server.shutdown()
            thread.join()


def device(name: str = "cw-1", **parts: Any) -> dict[str, Any]:
    return {"name": name, "variables": {}, "groups": ["pis"], "ssh_host_keys": []} | parts


def variables_of(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert result.returncode == 0, result.stdout + result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    """What was said of a failure, in one line."""
    assert result.returncode != 0, result.stdout
    return " ".join((result.stdout + result.stderr).split())
