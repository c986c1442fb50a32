"""The files of one run: what Ansible is given in the private data directory, and a directory in memory meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from control_ui.runner import supervisor
from control_ui.runner.artifacts import ARTIFACTS
from control_ui.runner.request import PlaybookRequest, RequestError

# In memory where there is such a place: Ansible leaves a file there for every event, and waits until it is made
# (0.1 ms; on a busy ext4 it was 0.7 ms).
PLACES = ("/dev/shm", tempfile.gettempdir(), "/tmp")  # noqa: S108  # mkdtemp makes a private directory inside
# A Unix socket's path holds 107 bytes. ssh makes 40 of a connection's hash, and 17 more while it binds.
_LONGEST_SCRATCH = 107 - len("/") - 40 - 17
_FORMED = "cw-12345678/cp"


@dataclass(frozen=True)
class Workspace:
    """`scratch` goes away with the run; of one whose worker died, the events that nobody took stay in it."""

    private_data_dir: Path
    scratch: Path
    control: int
    """A descriptor of the FIFO by which the supervisor is told things. While it is open, the run may go on."""

    @property
    def limit_file(self) -> Path:
        return self.private_data_dir / "hosts"

    @property
    def variables_file(self) -> Path:
        return self.private_data_dir / "variables.yml"

    @property
    def reports(self) -> Path:
        return self.private_data_dir / "reports"

    @property
    def artifacts(self) -> Path:
        return self.scratch / supervisor.ARTIFACTS

    @property
    def control_file(self) -> Path:
        return self.scratch / "control"

    @property
    def sockets(self) -> Path:
        return self.scratch / "cp"

    def stop(self) -> None:
        """Have the supervisor end the run. Once is enough."""
        os.write(self.control, b"stop\n")


@contextmanager
def workspace(request: PlaybookRequest) -> Iterator[Workspace]:
    """Make the files of `request`. Raises RequestError where that cannot be."""
    line = _environment_line(request.environment)
    request.private_data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="cw-", dir=_place()))
    try:
        os.mkfifo(scratch / "control", 0o600)
        # Open for both, so that opening does not wait for the other end.
        control = os.open(scratch / "control", os.O_RDWR | os.O_NONBLOCK)
        try:
            os.write(control, line)
            space = Workspace(request.private_data_dir.absolute(), scratch, control)
            _fill(space, request)
            yield space
        finally:
            os.close(control)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _fill(space: Workspace, request: PlaybookRequest) -> None:
    space.sockets.mkdir()
    _write(space.limit_file, "".join(f"{host}\n" for host in request.hosts))
    _write(space.variables_file, as_data(request.extra_variables))
    (space.private_data_dir / ARTIFACTS).symlink_to(space.artifacts)


class _Data(str):
    """A text that Ansible is to take as it is."""


class _DataDumper(yaml.SafeDumper):
    """Writes texts with Ansible's `!unsafe`."""


_DataDumper.add_representer(_Data, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))


def as_data(variables: Mapping[str, Any]) -> str:
    """A YAML file of variables in which no text is a template, whatever it looks like."""
    return yaml.dump(_marked(dict(variables)), Dumper=_DataDumper, allow_unicode=True, sort_keys=False)


def _marked(value: Any) -> Any:
    if isinstance(value, str):
        # Only what could be a template: `!unsafe "5"` would become a number.
        return _Data(value) if "{" in value else value
    if isinstance(value, list | tuple):
        return [_marked(item) for item in value]
    if isinstance(value, dict):
        return {name: _marked(item) for name, item in value.items()}
    return value


def _environment_line(environment: Mapping[str, str]) -> bytes:
    line = json.dumps(dict(environment)).encode() + b"\n"
    if len(line) > supervisor.MOST_ENVIRONMENT_BYTES:
        raise RequestError(
            f"the environment has {len(line)} bytes; at most {supervisor.MOST_ENVIRONMENT_BYTES} can be handed over"
        )
    return line


def _write(path: Path, text: str) -> None:
    """For the owner's eyes only, and never over the files of another run."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RequestError(f"{path.parent} was used by another run; give each its own private_data_dir") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _place() -> str:
    """Where scratch files may lie without making the path of a socket too long."""
    for place in PLACES:
        if len(f"{place}/{_FORMED}") <= _LONGEST_SCRATCH and os.access(place, os.W_OK | os.X_OK):
            return place
    raise RequestError(
        f"none of {', '.join(PLACES)} is writable and short enough for ssh's sockets ({_LONGEST_SCRATCH} bytes)"
    )
