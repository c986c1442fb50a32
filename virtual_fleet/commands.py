"""Runs the machine's own programs, and turns their failures into sentences."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from virtual_fleet.errors import FleetError

_PROGRAM_PACKAGES = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "dpkg-scanpackages": "dpkg-dev",
    "ip": "iproute2",
    "nft": "nftables",
    "ssh-keygen": "openssh-client",
    "ffmpeg": "ffmpeg",
}
_FILE_PACKAGES = {
    "usr/lib/python3/dist-packages/gi/__init__.py": "python3-gi",
    "usr/lib/*/girepository-1.0/Gst-1.0.typelib": "gir1.2-gstreamer-1.0",
    "usr/lib/*/girepository-1.0/GstRtspServer-1.0.typelib": "gir1.2-gst-rtsp-server-1.0",
    "usr/lib/*/gstreamer-1.0/libgstapp.so": "gstreamer1.0-plugins-base",
    "usr/lib/*/gstreamer-1.0/libgstrtp.so": "gstreamer1.0-plugins-good",
    "usr/lib/*/gstreamer-1.0/libgstx264.so": "gstreamer1.0-plugins-ugly",
    "usr/lib/*/gstreamer-1.0/libgstpango.so": "gstreamer1.0-x",
}
_PROGRESS_SECONDS = 5.0
# A process that writes 0 joins itself; what it starts from then on is in the groups from its first moment.
_JOIN_AND_DETACH = 'for group in $0; do echo 0 > "$group/cgroup.procs" || exit 1; done; exec setsid --fork "$@"'


def require_packages() -> None:
    """Raise FleetError, with the command that installs them, where Debian packages are missing."""
    missing = {package for program, package in _PROGRAM_PACKAGES.items() if shutil.which(program) is None}
    missing |= {package for pattern, package in _FILE_PACKAGES.items() if not any(Path("/").glob(pattern))}
    if missing:
        packages = " ".join(sorted(missing))
        raise FleetError(f"this machine lacks what a virtual fleet needs; install it with: apt-get install {packages}")


def run(command: Sequence[str], *, stdin: str = "", timeout: float = 60) -> str:
    """Standard output of a command. Raises FleetError with the command's own last words when it fails."""
    result = attempt(command, stdin=stdin, timeout=timeout)
    if result.returncode:
        reason = (result.stderr or result.stdout).strip().splitlines()[-3:] or [f"exit status {result.returncode}"]
        raise FleetError(f"`{' '.join(command)}` failed: {' | '.join(reason)}")
    return result.stdout


def attempt(command: Sequence[str], *, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a command whose failure is an answer too. Raises FleetError only when it takes too long."""
    try:
        return subprocess.run(
            list(command), input=stdin, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as expired:
        raise FleetError(f"`{' '.join(command)}` did not end within {timeout} s") from expired


def start_detached(
    command: Sequence[str],
    environment: Mapping[str, str],
    groups: Sequence[Path],
    *,
    output: int,
    errors: int | None = None,
) -> None:
    """Start a process that outlives this one, in a session and in control groups of its own.

    It is in its groups when this returns. `output` and `errors` are file descriptors.
    """
    subprocess.run(
        ["sh", "-c", _JOIN_AND_DETACH, " ".join(map(str, groups)), *command],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output if errors is None else errors,
        timeout=10,
        check=True,
    )


def run_long(command: Sequence[str], log: Path, what: str, *, timeout: float = 1800) -> None:
    """Run a command of minutes: output goes to `log`, its latest line is shown every few seconds.

    Raises FleetError with the end of the log when it fails.
    """
    say(f"{what} ...")
    started = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _watch(process, log, started + timeout)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode:
        raise FleetError(f"{what} failed (exit status {process.returncode}); {log} ends with: {_last_lines(log, 3)}")
    say(f"{what}: done in {time.monotonic() - started:.0f} s")


def say(text: str) -> None:
    """Show progress. It goes to standard error: standard output is for answers."""
    sys.stderr.write(f"virtual_fleet: {text}\n")
    sys.stderr.flush()


def _watch(process: subprocess.Popen[bytes], log: Path, deadline: float) -> None:
    while time.monotonic() < deadline:
        try:
            process.wait(timeout=_PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"  {_last_lines(log, 1)[:110]}")
        else:
            return
    say(f"  took longer than allowed: ending process {process.pid}")


def _last_lines(log: Path, count: int) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 4096))
        return " | ".join(stream.read().decode(errors="replace").strip().splitlines()[-count:])
