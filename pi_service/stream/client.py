"""Talks to the stream unit over its socket, from another process."""

from __future__ import annotations

import json
import socket
from types import TracebackType
from typing import Any

from pi_service.paths import Paths

ANSWER_TIMEOUT_SECONDS = 5.0


class StreamAbsentError(ConnectionError):
    """The stream unit is not running: nobody listens on its socket."""


class StreamClient:
    """One connection: `with StreamClient(paths) as stream: stream.ask({"op": "status"})`."""

    def __init__(self, paths: Paths, timeout_seconds: float = ANSWER_TIMEOUT_SECONDS) -> None:
        """Connect. Raises StreamAbsentError, or OSError for anything else."""
        self._timeout_seconds = timeout_seconds
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(timeout_seconds)
        try:
            self._socket.connect(str(paths.stream_socket))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            self._socket.close()
            raise StreamAbsentError(f"nobody listens on {paths.stream_socket}: is carwash-stream running?") from error
        except BaseException:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def ask(self, request: dict[str, Any], timeout_seconds: float | None = None) -> dict[str, Any]:
        """Send a request and wait for its answer. Raises OSError (TimeoutError, ConnectionError) without one."""
        self._socket.settimeout(timeout_seconds or self._timeout_seconds)
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        line = self._lines.readline()
        if not line:
            raise ConnectionResetError("the stream unit ended before it answered")
        answer = json.loads(line)
        if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
            raise ConnectionError(f"the stream unit gave no proper answer: {line[:200]!r}")
        return answer

    def close(self) -> None:
        """Hang up; a trial that was not committed is given up."""
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> StreamClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def ask(paths: Paths, request: dict[str, Any], timeout_seconds: float = ANSWER_TIMEOUT_SECONDS) -> dict[str, Any]:
    """One request, one answer. Raises StreamAbsentError or OSError."""
    with StreamClient(paths, timeout_seconds) as client:
        return client.ask(request)
