"""A control plane over real HTTP that can be told what to answer, go away and come back; and a journal of files."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pi_service.agent import Agent
from pi_service.atomic_files import write_json
from pi_service.paths import Paths
from pi_service.sync.journal import Journal
from tests.pi_service.api_fixtures import TurnedClocks

TOKEN = "device-token"
REGISTER = "/api/devices/register"
Reply = tuple[int, dict[str, str], bytes]

JOURNALCTL = """
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
cursor = next((a.partition("=")[2] for a in sys.argv if a.startswith("--after-cursor=")), None)
if cursor == "lost":
    sys.exit("Failed to seek to cursor: Invalid argument")
if cursor is not None:
    records = records[[record["__CURSOR"] for record in records].index(cursor) + 1:]
for record in records:
    print(json.dumps(record), flush=True)
"""


@dataclass
class ControlPlane:
    """Answers check-ins with `answer` and `GET /config` with `config`, unless `replies` has something else in store.

    `enrolments` are the one-time tokens it has given out, each with the hash of the device token it was used for.
    `loses_answers`: it does what it is asked to, but the line breaks before anybody hears of it.
    """

    answer: dict[str, Any] = field(default_factory=dict)
    config: bytes = b""
    etag: str = '"1"'
    replies: dict[str, Callable[[BaseHTTPRequestHandler], Reply | None]] = field(default_factory=dict)
    checkins: list[dict[str, Any]] = field(default_factory=list)
    fetches: list[str] = field(default_factory=list)  # the If-None-Match of each
    tokens: list[str | None] = field(default_factory=list)
    enrolments: dict[str, str | None] = field(default_factory=dict)
    registrations: list[dict[str, Any]] = field(default_factory=list)
    loses_answers: bool = False
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Come (back), on the port of before."""
        plane = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                plane.handle(self)

            def do_GET(self) -> None:
                plane.handle(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name it has in http.server
                """Nothing: the test's own output is enough."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Go away: the port is closed."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        self.tokens.append(request.headers.get("Authorization"))
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        override = self.replies.get(request.path)
        reply = override(request) if override is not None else self._reply(request, body)
        if reply is None or self.loses_answers:
            return
        status, headers, content = reply
        request.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def _reply(self, request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        if request.path == REGISTER:
            return self._register(json.loads(body))
        if not self._admits(request.headers.get("Authorization", "")):
            return 401, {}, b""
        if request.path == "/api/agent/checkin":
            self.checkins.append(json.loads(body))
            return 200, {}, json.dumps(self.answer).encode()
        self.fetches.append(request.headers.get("If-None-Match", ""))
        if request.headers.get("If-None-Match") == self.etag:
            return 304, {"ETag": self.etag, "Content-Length": "0"}, b""
        return 200, {"ETag": self.etag}, self.config

    def _register(self, document: dict[str, Any]) -> Reply:
        self.registrations.append(document)
        enrolment, digest = document["enrolment_token"], document["device_token_sha256"]
        if enrolment not in self.enrolments:
            return problem(401, "this enrolment token is unknown")
        used_for = self.enrolments[enrolment]
        if used_for not in (None, digest):
            return problem(409, "this enrolment token was used already")
        self.enrolments[enrolment] = digest
        answer = {"device_id": document["device_id"], "id": 17}
        return 201 if used_for is None else 200, {}, json.dumps(answer).encode()

    def _admits(self, authorization: str) -> bool:
        token = authorization.removeprefix("Bearer ")
        return token == TOKEN or hashlib.sha256(token.encode()).hexdigest() in self.enrolments.values()


def problem(status: int, detail: Any) -> Reply:
    """A refusal as the control plane words it."""
    return status, {"Content-Type": "application/problem+json"}, json.dumps({"detail": detail}).encode()


@pytest.fixture
def control_plane() -> Iterator[ControlPlane]:
    """A control plane that is there."""
    plane = ControlPlane()
    plane.start()
    yield plane
    plane.stop()


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "device-token"
    path.write_text(TOKEN + "\n")
    return path


class FileJournal:
    """A journal in a file, read by a stand-in for journalctl that knows the options we use."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "journal.jsonl"
        self._path.touch()
        program = directory / "journalctl.py"
        program.write_text(JOURNALCTL)
        self.reader = Journal([sys.executable, "-I", "-S", str(program), str(self._path)])
        self._count = 0

    def write(self, *messages: Any) -> None:
        with self._path.open("a") as stream:
            for message in messages:
                self._count += 1
                record = {
                    "__CURSOR": f"s={self._count}",
                    "__REALTIME_TIMESTAMP": str(1_795_435_200_000_000 + self._count),
                    "PRIORITY": "6",
                    "_SYSTEMD_UNIT": "carwash-stream.service",
                    "MESSAGE": message,
                }
                stream.write(json.dumps(record) + "\n")


@pytest.fixture
def journal(tmp_path: Path) -> FileJournal:
    return FileJournal(tmp_path)


@pytest.fixture
def document(
    paths: Paths, config_document: dict[str, Any], control_plane: ControlPlane, token_file: Path
) -> dict[str, Any]:
    """The configuration in force: with this control plane."""
    document = config_document | {"control_url": control_plane.url, "device_token_file": str(token_file)}
    write_json(paths.config, document)
    return document


@pytest.fixture
def clocks() -> TurnedClocks:
    return TurnedClocks()


@pytest.fixture
def agent(paths: Paths, document: dict[str, Any], journal: FileJournal, clocks: TurnedClocks) -> Agent:
    return Agent(paths, journal=journal.reader, boottime=clocks.boottime)


def checked_in(agent: Agent) -> float:
    """One round; the seconds until the next."""
    return agent.sync.round(agent.live.current())
