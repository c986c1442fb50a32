"""The stream unit's socket: one JSON object a line each way. Runs inside the event loop, never waits."""

from __future__ import annotations

import contextlib
import json
import logging
import selectors
import socket
from collections.abc import Callable
from typing import Any

from pi_service.clock import boottime_seconds
from pi_service.config import Config, ConfigError
from pi_service.paths import Paths
from pi_service.stream.candidate import Verdict
from pi_service.stream_manager import StreamManager

log = logging.getLogger(__name__)

LONGEST_REQUEST_BYTES = 1024 * 1024
LONGEST_TRIAL_SECONDS = 300.0
HOLD_SECONDS = 60.0  # how long a passed trial waits for its commit
MOST_CONNECTIONS = 20
_THROTTLE_RANGE_SECONDS = 1.0, 3600.0

Answer = dict[str, Any]


class ControlServer:
    """Accepts connections and hands their requests to the manager."""

    def __init__(self, paths: Paths, manager: StreamManager, selector: selectors.BaseSelector) -> None:
        """Listen. Raises OSError where the socket cannot be made."""
        self._path = paths.stream_socket
        self._manager = manager
        self._selector = selector
        self._connections: list[_Connection] = []
        self.trial_owner: _Connection | None = None
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._listener.setblocking(False)
        self._listener.bind(str(self._path))
        self._path.chmod(0o660)
        self._listener.listen(MOST_CONNECTIONS)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    @property
    def is_trial_open(self) -> bool:
        """Whether somebody is trying a configuration over the socket: changes of its file are theirs then."""
        return self.trial_owner is not None

    def tick(self) -> None:
        """End trials that nobody committed."""
        owner = self.trial_owner
        if owner is not None and owner.hold_until is not None and boottime_seconds() > owner.hold_until:
            log.warning("a trial was neither committed nor given up within %.0f s", HOLD_SECONDS)
            self.close_connection(owner)

    def close(self) -> None:
        """Stop listening and remove the socket."""
        for connection in list(self._connections):
            self.close_connection(connection)
        self._selector.unregister(self._listener)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def close_connection(self, connection: _Connection) -> None:
        """Let go of a client; what it was trying is given up."""
        if self.trial_owner is connection:
            self.trial_owner = None
            self._manager.abandon()
        if connection in self._connections:
            self._connections.remove(connection)
            self._selector.unregister(connection.socket)
            connection.socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            accepted, _ = self._listener.accept()
            if len(self._connections) >= MOST_CONNECTIONS:
                accepted.close()
                return
            connection = _Connection(accepted, self)
            self._connections.append(connection)
            self._selector.register(accepted, selectors.EVENT_READ, connection.read)

    def handle(self, connection: _Connection, request: dict[str, Any]) -> Answer | None:
        """The answer, or None where it comes later."""
        operations: dict[str, Callable[[_Connection, dict[str, Any]], Answer | None]] = {
            "status": self._status,
            "restart": self._restart,
            "throttle": self._throttle,
            "trial": self._trial,
            "commit": self._commit,
        }
        operation = operations.get(str(request.get("op")))
        if operation is None:
            return refusal(f"unknown op {request.get('op')!r}; known are {', '.join(operations)}")
        return operation(connection, request)

    def _status(self, _connection: _Connection, _request: dict[str, Any]) -> Answer:
        self._manager.refresh_state()
        return {"ok": True, **self._manager.state.document(boottime_seconds())}

    def _restart(self, _connection: _Connection, request: dict[str, Any]) -> Answer:
        self._manager.restart(str(request.get("why") or "asked for over the socket"))
        return {"ok": True}

    def _throttle(self, _connection: _Connection, request: dict[str, Any]) -> Answer:
        seconds = request.get("interval_seconds")
        shortest, longest = _THROTTLE_RANGE_SECONDS
        if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
            return refusal("interval_seconds must be a number of seconds or null")
        if seconds is not None and not shortest <= seconds <= longest:
            return refusal(f"interval_seconds must be {shortest:g} to {longest:g}, or null")
        self._manager.throttle(seconds)
        return {"ok": True}

    def _trial(self, connection: _Connection, request: dict[str, Any]) -> Answer | None:
        if self.trial_owner is not None:
            return refusal("busy", "another configuration is being tried")
        document, timeout = request.get("config"), request.get("timeout", 25)
        if (
            isinstance(timeout, bool)
            or not isinstance(timeout, int | float)
            or not 0 < timeout <= LONGEST_TRIAL_SECONDS
        ):
            return refusal(f"timeout must be more than 0 and at most {LONGEST_TRIAL_SECONDS:g} seconds")
        if not isinstance(document, dict):
            return refusal("config must be an object")
        try:
            config = Config.from_document(document)
        except ConfigError as error:
            return refusal("invalid configuration", str(error))
        self.trial_owner = connection
        self._manager.try_out(config, document, timeout, lambda verdict: self._tell(connection, verdict))
        return None

    def _tell(self, connection: _Connection, verdict: Verdict) -> None:
        if verdict.ok:
            connection.hold_until = boottime_seconds() + HOLD_SECONDS
        elif self.trial_owner is connection:
            self.trial_owner = None
            self._manager.abandon()
        connection.send(verdict.document())

    def _commit(self, connection: _Connection, _request: dict[str, Any]) -> Answer:
        if self.trial_owner is not connection or not self._manager.commit():
            return refusal("nothing to commit", "no trial on this connection has been passed")
        self.trial_owner = None
        connection.hold_until = None
        return {"ok": True}


class _Connection:
    """One client. Requests are answered in their order."""

    def __init__(self, accepted: socket.socket, server: ControlServer) -> None:
        self.socket = accepted
        self.hold_until: float | None = None
        self._server = server
        self._received = b""
        accepted.setblocking(False)

    def read(self) -> None:
        """Take what the client has sent."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._server.close_connection(self)
            return
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._answer(line)
        if len(self._received) > LONGEST_REQUEST_BYTES:
            self.send(refusal(f"a request is longer than {LONGEST_REQUEST_BYTES} bytes"))
            self._server.close_connection(self)

    def _answer(self, line: bytes) -> None:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            self.send(refusal("a request is one JSON object on one line"))
        elif (answer := self._server.handle(self, request)) is not None:
            self.send(answer)

    def send(self, answer: Answer) -> None:
        """Send one line. A client that does not read its answers, or has left, is let go."""
        try:
            self.socket.sendall(json.dumps(answer).encode() + b"\n")
        except OSError as error:
            log.info("a client of the socket left before its answer: %s", error)


def refusal(reason: str, detail: str = "") -> Answer:
    """The answer to a request that is not granted."""
    return {"ok": False, "reason": reason} | ({"detail": detail} if detail else {})
