"""The stream unit as systemd runs it: a process of its own, with a socket for its notifications."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from pi_service.paths import Paths
from pi_service.snapshot_cache import Snapshot, SnapshotReader
from pi_service.stream.client import StreamAbsentError, ask
from tests.pi_service.waiting import wait_for

REPOSITORY = Path(__file__).resolve().parents[2]


class StreamUnit:
    """`with StreamUnit(paths): ...`. `arguments` are those of `python3 -m pi_service`."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.reader = SnapshotReader(paths)
        self._notify_path = paths.run_dir / "notify"
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(self._notify_path))
        self._notify.settimeout(0.2)
        self._messages: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with (self.paths.run_dir / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pi_service", "stream"],
                cwd=REPOSITORY,
                env=environment(self.paths) | {"NOTIFY_SOCKET": str(self._notify_path)},
                stderr=log,
            )
        wait_for("the socket of the stream unit", self.is_answering)

    def stop(self) -> int:
        """End it as systemd does; its exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(timeout=10)
        self._process = None
        return code

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=10)
        self._process = None

    def is_answering(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            return bool(ask(self.paths, {"op": "status"})["ok"])
        except StreamAbsentError:
            return False

    def state(self) -> dict[str, Any]:
        return ask(self.paths, {"op": "status"})

    def log(self) -> str:
        return (self.paths.run_dir / "log").read_text()

    def notifications(self) -> list[str]:
        """What was sent to systemd since the last call."""
        return [self._messages.get() for _ in range(self._messages.qsize())]

    def _listen(self) -> None:
        """systemd reads at once; a full queue would hold the unit up."""
        while not self._closed.is_set():
            with contextlib.suppress(TimeoutError):
                self._messages.put(self._notify.recv(4096).decode())

    def picture_after(self, sequence: int, seconds: float = 30.0) -> Snapshot:
        """The first picture seen with a higher number."""

        def newer() -> Snapshot | None:
            snapshot = self.reader.current()
            return snapshot if snapshot is not None and snapshot.sequence > sequence else None

        return wait_for(f"a picture after number {sequence}", newer, seconds)

    def newest(self) -> int:
        snapshot = self.reader.current()
        return snapshot.sequence if snapshot is not None else 0

    def __enter__(self) -> StreamUnit:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.kill()
        self._closed.set()
        self._listener.join(timeout=5)
        self._notify.close()


def environment(paths: Paths) -> dict[str, str]:
    """The environment that moves a Pi's places to these."""
    places = {"CARWASH_CONFIG": paths.config, "CARWASH_RUN_DIR": paths.run_dir, "CARWASH_STATE_DIR": paths.state_dir}
    return {**os.environ, **{name: str(path) for name, path in places.items()}}


def write_config(paths: Paths, document: dict[str, Any]) -> None:
    paths.config.write_text(json.dumps(document))
