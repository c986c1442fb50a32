"""`carwash selftest`: is everything here that the units need? One line for each question."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pi_service.api.probe import probe
from pi_service.config import ConfigError
from pi_service.configuration.source import fault_sentence, load
from pi_service.paths import Paths, listen_address
from pi_service.redaction import redact_text
from pi_service.stream.client import ask
from pi_service.stream.decode_plan import hardware_decoder_available

OLDEST_FFMPEG = 5, 1
_FFMPEG_VERSION = re.compile(r"ffmpeg version n?(\d+)\.(\d+)")
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Check:
    """One answer. `ok` is None where it is good to know but no fault."""

    name: str
    ok: bool | None
    detail: str

    def __str__(self) -> str:
        word = {True: "ok  ", False: "FAIL", None: "info"}[self.ok]
        return f"{word}  {self.name}: {self.detail}"


def run(paths: Paths) -> list[Check]:
    """Every check, in the order of dependence."""
    checks: dict[str, Callable[[], tuple[bool | None, str]]] = {
        "configuration": lambda: _configuration(paths),
        "ffmpeg": _ffmpeg,
        "setpriv": _setpriv,
        "run directory": lambda: _run_directory(paths.run_dir),
        "state directory": lambda: _writable(paths.state_dir),
        "stream socket": lambda: _stream(paths),
        "snapshot API": _api,
        "hardware decoder": _hardware,
    }
    return [_checked(name, check) for name, check in checks.items()]


def _checked(name: str, check: Callable[[], tuple[bool | None, str]]) -> Check:
    try:
        ok, detail = check()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        ok, detail = False, str(error)
    return Check(name, ok, redact_text(detail))


def _configuration(paths: Paths) -> tuple[bool, str]:
    try:
        config = load(paths.config).config
    except (OSError, ConfigError) as error:
        return False, fault_sentence(paths.config, error)
    return True, f"{paths.config} is valid, version {config.version} for {config.device_id}"


def _ffmpeg() -> tuple[bool, str]:
    if shutil.which("ffmpeg") is None:
        return False, "not installed (apt install ffmpeg)"
    result = subprocess.run(
        ["ffmpeg", "-version"], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
    )
    first = result.stdout.partition("\n")[0]
    match = _FFMPEG_VERSION.match(first)
    if match is None:
        return True, f"{first or 'says no version'} (a build without a release number)"
    ok = (int(match[1]), int(match[2])) >= OLDEST_FFMPEG
    return ok, match[0] if ok else f"{match[0]} is older than {OLDEST_FFMPEG[0]}.{OLDEST_FFMPEG[1]}"


def _setpriv() -> tuple[bool, str]:
    found = shutil.which("setpriv")
    return found is not None, found or "not installed (apt install util-linux)"


def _run_directory(directory: Path) -> tuple[bool, str]:
    ok, detail = _writable(directory)
    kind = _filesystem(directory)
    if ok and kind != "tmpfs":
        return False, f"{directory} is on {kind}, not on tmpfs: pictures would wear the SD card out"
    return ok, f"{detail}, {kind}"


def _writable(directory: Path) -> tuple[bool, str]:
    try:
        with tempfile.TemporaryFile(dir=directory):
            return True, f"{directory} can be written"
    except OSError as error:
        return False, f"{directory} cannot be written: {error.strerror}"


def _filesystem(directory: Path) -> str:
    """The type of the file system a directory is on, from the kernel's list of mounts (proc(5), mountinfo)."""
    device = os.stat(directory).st_dev  # noqa: PTH116  # the device number, which is compared as a number
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted:
            return after.split()[0]
    return "an unknown file system"


def _stream(paths: Paths) -> tuple[bool, str]:
    answer = ask(paths, {"op": "status"}, _TIMEOUT_SECONDS)
    return bool(answer["ok"]), f"answers, status {answer.get('status')}"


def _api() -> tuple[bool, str]:
    host, port = listen_address()
    fault = probe(host, port, _TIMEOUT_SECONDS)
    return not fault, f"does not answer on port {port}: {fault}" if fault else f"answers on port {port}"


def _hardware() -> tuple[None, str]:
    return None, "there" if hardware_decoder_available() else "not there; pictures are decoded in software"
