"""How a Pi becomes known to the control plane: an enrolment token, once, for a device token of its own making."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pi_service import __version__
from pi_service.atomic_files import sync_directory, write_atomic
from pi_service.config import Config
from pi_service.redaction import MASK
from pi_service.sync.control_client import ControlClient, ControlError, UnauthorizedError, read_token

log = logging.getLogger(__name__)

SSH_DIRECTORY = Path("/etc/ssh")
MODEL_FILE = Path("/proc/device-tree/model")
_TOKEN_BYTES = 32
_WHOLE_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # so long are 32 bytes; what is shorter was torn by a power cut
_PUBLIC_KEY = re.compile(r"(?P<key>[a-z0-9@.-]+ AAAA[A-Za-z0-9+/]+=*)(\s|$)")


@dataclass(frozen=True)
class _TokenFiles:
    """The device token, and what lies beside it until there is one."""

    device: Path

    @property
    def enrolment(self) -> Path:
        """Written by whoever installs the Pi; removed when it has served."""
        return self.device.with_name("enrolment-token")

    @property
    def pending(self) -> Path:
        """The device token before the control plane is known to have taken it."""
        return self.device.with_name(f"{self.device.name}.pending")


def register_if_due(config: Config, client: ControlClient) -> None:
    """Register, unless there is a device token already.

    Raises ControlError with why it did not come about. Everything stays as it is then, and the next attempt repeats
    the very same registration: should the control plane have taken it already, only its answer was lost.
    """
    files = _TokenFiles(Path(config.device_token_file))
    try:
        if not _is_empty(files.device):
            return
        if not files.enrolment.exists():
            raise UnauthorizedError(
                f"there is no device token in {files.device}, and no enrolment token in {files.enrolment} to get one by"
            )
        _register(config, client, files)
    except OSError as error:
        raise UnauthorizedError(f"this Pi cannot register: {error}") from error


def forget_enrolment(config: Config) -> None:
    """Remove what a power cut left of a registration, now that the device token is known to work. Raises OSError."""
    files = _TokenFiles(Path(config.device_token_file))
    for leftover in (files.enrolment, files.pending):
        if leftover.exists():
            leftover.unlink()


def _register(config: Config, client: ControlClient, files: _TokenFiles) -> None:
    enrolment_token = read_token(files.enrolment, "enrolment")
    document = {
        "device_id": config.device_id,
        "enrolment_token": enrolment_token,
        "device_token_sha256": hashlib.sha256(_pending_token(files.pending).encode()).hexdigest(),
        **_identity(),
    }
    registered = client.register(document).get("device_id")
    if registered != config.device_id:
        other = str(registered).replace(enrolment_token, MASK)[:80]
        raise ControlError(f"the control plane registered {other!r}, this is {config.device_id!r}: not taken")
    files.pending.replace(files.device)
    sync_directory(files.device.parent)
    files.enrolment.unlink()
    log.info("registered with the control plane as %s", config.device_id)


def _pending_token(path: Path) -> str:
    """The token of an earlier attempt, or else a new one: on the disk before anybody is told of it."""
    if path.exists():
        token = path.read_text(errors="replace").strip()
        if _WHOLE_TOKEN.fullmatch(token):
            return token
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    write_atomic(path, f"{token}\n".encode(), mode=0o600)
    return token


def _identity() -> dict[str, Any]:
    return {"ssh_host_keys": _ssh_host_keys(), "release": __version__, "hardware": _hardware()}


def _ssh_host_keys() -> list[str]:
    """The public host keys by which an engineer's ssh will know this Pi, without comments, ed25519 first."""
    texts = [path.read_text(errors="replace") for path in sorted(SSH_DIRECTORY.glob("ssh_host_*_key.pub"))]
    keys = [match["key"] for match in map(_PUBLIC_KEY.match, texts) if match]
    return sorted(keys, key=lambda key: not key.startswith("ssh-ed25519 "))


def _hardware() -> str | None:
    """`Raspberry Pi 4 Model B Rev 1.5`; None on a machine that does not say what it is."""
    try:
        return MODEL_FILE.read_text(errors="replace").strip("\0 \n") or None
    except OSError:
        return None


def _is_empty(path: Path) -> bool:
    try:
        return not path.read_bytes().strip()
    except FileNotFoundError:
        return True
