"""Starts and steers cameras, each a process of its own."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from virtual_fleet.errors import FleetError
from virtual_fleet.places import REPOSITORY

SYSTEM_PYTHON = "/usr/bin/python3"
START_TIMEOUT_SECONDS = 30.0
_CONTROL_TIMEOUT_SECONDS = 15.0


class CameraError(FleetError):
    """A camera did not start, or did not take a change; the message says why."""


@dataclass(frozen=True)
class CameraOptions:
    """What a camera shows and where. Sizes in pixels; `detail` is the amplitude of the picture's static noise."""

    name: str = "Car Wash"
    listen: str = "127.0.0.1"
    port: int = 0
    path: str = "/stream1"
    user: str = "camera"
    width: int = 640
    height: int = 360
    fps: int = 5
    gop_seconds: float = 1.0
    detail: int = 12
    quantizer: int = 22
    max_sessions: int = 0  # any number

    def arguments(self) -> list[str]:
        """The command line of the camera's process."""
        pairs = ((f"--{field.replace('_', '-')}", str(value)) for field, value in vars(self).items())
        return [argument for pair in pairs for argument in pair]


class Camera:
    """A camera for a test: `with Camera(name="Bay 1", password="secret") as camera: camera.url`.

    Takes the fields of `CameraOptions`. `start` and `stop` may be called in turns; the port stays the same.
    """

    def __init__(self, *, password: str = "letmein", **options: Any) -> None:  # noqa: S107  # guards a test picture
        self.options = CameraOptions(**options)
        self.password = password
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def control(self) -> Path:
        if self._directory is None:
            raise CameraError(f"camera {self.options.name!r} is not running")
        return self._directory / "control.sock"

    @property
    def address(self) -> str:
        """`rtsp://host:port/path` without user and password."""
        return f"rtsp://{self.options.listen}:{self.options.port}{self.options.path}"

    @property
    def url(self) -> str:
        """The address with user and password, percent-encoded."""
        user, password = quote(self.options.user, safe=""), quote(self.password, safe="")
        return self.address.replace("rtsp://", f"rtsp://{user}:{password}@", 1)

    @property
    def pid(self) -> int:
        if self._process is None:
            raise CameraError(f"camera {self.options.name!r} is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the process and wait until it listens. Raises CameraError."""
        directory = self._directory = Path(tempfile.mkdtemp(prefix="camera-"))
        password_file = directory / "password"
        password_file.write_text(self.password)
        with (directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command(self.options, password_file, self.control),
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._process.stdout is not None  # noqa: S101  # it was made a pipe just above
        try:
            ready = wait_until_ready(self._process.stdout.fileno(), self.options.name, directory / "log")
        except CameraError:
            self.stop()
            raise
        port = int(ready.split("/")[2].rpartition(":")[2])
        self.options = CameraOptions(**vars(self.options) | {"port": port})

    def stop(self) -> None:
        """End the process, as abruptly as a camera loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            if self._process.stdout:
                self._process.stdout.close()
            self._process = None
        if self._directory is not None:
            shutil.rmtree(self._directory)
            self._directory = None

    def set_mode(self, mode: str) -> None:
        """`normal`, `refuse`, `silent` or `frozen`; in force when this returns."""
        send(self.control, {"mode": mode})

    def set_password(self, password: str) -> None:
        """Change the password the camera asks for. `url` still has the old one."""
        send(self.control, {"password": password})

    def __enter__(self) -> Camera:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def command(options: CameraOptions, password_file: Path, control: Path) -> list[str]:
    """The command that runs a camera; it writes its READY line to standard output."""
    start = [SYSTEM_PYTHON, "-m", "virtual_fleet.camera", *options.arguments()]
    return [*start, "--password-file", str(password_file), "--control", str(control)]


def environment() -> dict[str, str]:
    """The environment a camera runs in: nothing of a virtual environment, fonts and plugin caches of the user."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ}
    return kept | {"PYTHONPATH": str(REPOSITORY), "LC_ALL": "C.UTF-8"}


def wait_until_ready(output: int, name: str, log: Path) -> str:
    """The address in the READY line a camera writes to the pipe `output`. Raises CameraError where none comes."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(max(0.0, deadline - time.monotonic())):
            piece = os.read(output, 4096)
            if not piece:
                break
            line += piece
    if line.startswith(b"READY "):
        return line.decode().split()[1]
    tail = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise CameraError(f"camera {name!r} did not start: {' | '.join(tail) or 'it said nothing'} (log: {log})")


def send(control: Path, request: dict[str, str]) -> str:
    """Send one change to a camera and return its mode. Raises CameraError when it is not there or refuses."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_CONTROL_TIMEOUT_SECONDS)
            connection.connect(str(control))
            connection.sendall((json.dumps(request) + "\n").encode())
            answer = json.loads(connection.makefile().readline() or '{"ok": false, "reason": "no answer"}')
    except OSError as failure:
        raise CameraError(f"the camera behind {control} cannot be reached: {failure}") from failure
    if not answer["ok"]:
        raise CameraError(f"the camera behind {control} refused {sorted(request)}: {answer['reason']}")
    return str(answer["mode"])
