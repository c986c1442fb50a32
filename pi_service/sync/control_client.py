"""HTTP to the control plane: only to its own origin, no redirects, bounded in time and size."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from pi_service.redaction import MASK, redact_text

CONNECT_TIMEOUT_SECONDS = 10.0
WHOLE_TIMEOUT_SECONDS = 30.0  # a peer that sends a byte now and then would pass every timeout of single reads
MAX_ANSWER_BYTES = 1024 * 1024
CHECKIN_PATH = "api/agent/checkin"
REGISTER_PATH = "api/devices/register"
REFUSALS = frozenset({400, 401, 403, 404, 409, 410, 422})  # to a registration; none of them passes by itself
MAX_DETAIL_CHARACTERS = 300
_JSON = {"Content-Type": "application/json"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


class ControlError(Exception):
    """The control plane could not be talked to, or talked nonsense. The sentence says what happened."""


class UnauthorizedError(ControlError):
    """There is no token it would accept. That does not change by asking more often."""


@dataclass(frozen=True)
class Answer:
    """A 2xx or 304 answer. `date` is the server's own `Date` header, empty where it sent none."""

    status: int
    etag: str
    date: str
    body: bytes


class ControlClient:
    """Requests with the device token, and the one by which a Pi gets it. Every failure is a ControlError."""

    def __init__(self, control_url: str, token_file: Path, timeout_seconds: float = WHOLE_TIMEOUT_SECONDS) -> None:
        self._base = control_url.rstrip("/") + "/"
        self._token_file = token_file
        self._timeout_seconds = timeout_seconds

    def check_in(self, document: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Send a check-in; gives the answered object and the server's date."""
        answer = self._request("POST", CHECKIN_PATH, _encoded(document), _JSON)
        return _object(answer, "a check-in"), answer.date

    def register(self, document: dict[str, Any]) -> dict[str, Any]:
        """Ask to be known from now on, with the `enrolment_token` in `document`; gives the answered object.

        A refusal is an UnauthorizedError with the control plane's own sentence, in which that token is masked.
        """
        target = self._own(REGISTER_PATH)
        answer = self._send("POST", target, _encoded(document), _JSON)
        if answer.status in REFUSALS:
            detail = _detail(answer.body).replace(document["enrolment_token"], MASK)[:MAX_DETAIL_CHARACTERS]
            raise UnauthorizedError(f"the control plane does not register this Pi ({answer.status}): {detail}")
        return _object(_judged(answer, f"POST {target.path}"), "a registration")

    def fetch_config(self, config_url: str, etag: str) -> Answer:
        """GET a configuration; 304 where `etag` still names it. A relative address is taken from the control URL."""
        headers = {"If-None-Match": etag} if etag else {}
        return self._request("GET", config_url, None, headers)

    def _request(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Send with the device token; a 2xx or 304 answer."""
        target = self._own(url)
        headers = {**headers, "Authorization": f"Bearer {read_token(self._token_file, 'device')}"}
        return _judged(self._send(method, target, body, headers), f"{method} {target.path}")

    def _send(self, method: str, target: SplitResult, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Send, and read the whole answer, whatever its status."""
        headers = {**headers, "Accept": "application/json"}
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        try:
            with self._connection(target) as connection:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                content = response.read(MAX_ANSWER_BYTES + 1)
                length = int(response.getheader("Content-Length", len(content)))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlError(f"the control plane at {target.netloc} cannot be reached: {_words(error)}") from error
        if len(content) > MAX_ANSWER_BYTES:
            raise ControlError(f"the control plane answered with more than {MAX_ANSWER_BYTES} bytes")
        if response.status != 304 and length != len(content):
            raise ControlError("the control plane's answer was cut short, or took too long")
        return Answer(response.status, response.getheader("ETag", ""), response.getheader("Date", ""), content)

    def _own(self, url: str) -> SplitResult:
        """`url` in parts, if it is of the control plane's own origin: the token must not go anywhere else."""
        try:
            target = urlsplit(urljoin(self._base, url))
            same = _origin(target) == _origin(urlsplit(self._base))
        except ValueError as error:
            raise ControlError(f"the control plane gave an address that is none: {error}") from error
        if not same or target.username is not None:
            raise ControlError(f"the address {target.scheme}://{target.hostname} is not the control plane's: refused")
        return target

    @contextlib.contextmanager
    def _connection(self, target: SplitResult) -> Iterator[http.client.HTTPConnection]:
        """An open connection that is cut when the whole exchange takes too long."""
        host, port = target.hostname or "", target.port
        connection: http.client.HTTPConnection
        if target.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, port, timeout=CONNECT_TIMEOUT_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT_SECONDS)
        connection.connect()
        # Kept apart: the connection lets go of its socket while an answer is still being read.
        timer = threading.Timer(self._timeout_seconds, _cut, [connection.sock])
        timer.daemon = True
        timer.start()
        try:
            yield connection
        finally:
            timer.cancel()
            connection.close()


def read_token(path: Path, kind: str) -> str:
    """The `kind` token (device, enrolment) in `path`. Raises UnauthorizedError where there is none."""
    try:
        token = path.read_text().strip()
    except (OSError, ValueError) as error:
        raise UnauthorizedError(f"the {kind} token cannot be read: {path}: {_words(error)}") from error
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UnauthorizedError(f"{path} holds no {kind} token (one line of printable characters)")
    return token


def _cut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed in the meantime
        connected.shutdown(socket.SHUT_RDWR)


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _judged(answer: Answer, request: str) -> Answer:
    if answer.status in (401, 403):
        raise UnauthorizedError(f"the control plane does not accept the device token ({request}: {answer.status})")
    if 300 <= answer.status < 400 and answer.status != 304:
        raise ControlError(f"the control plane redirects {request}: not followed, the token stays with control_url")
    if answer.status != 304 and not 200 <= answer.status < 300:
        raise ControlError(f"the control plane answered {request} with {answer.status}")
    return answer


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _object(answer: Answer, to: str) -> dict[str, Any]:
    try:
        parsed = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the control plane answered {to} with what is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise ControlError(f"the control plane answered {to} with JSON that is no object")
    return parsed


def _detail(body: bytes) -> str:
    """The sentence of a problem+json answer, as one line that can be logged."""
    try:
        problem = json.loads(body)
    except (ValueError, RecursionError):
        problem = None
    detail = problem.get("detail") if isinstance(problem, dict) else None
    if not isinstance(detail, str) or not detail.strip():
        return "it gives no reason"
    return redact_text("".join(letter if letter.isprintable() else " " for letter in detail))


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
