"""Follows the journal of a Pi over SSH, with fabric (untyped, like the paramiko below it): nothing else imports it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fabric
import paramiko

from control_ui.runner.ssh_keys import check_private_key

UNITS = ("carwash-stream", "carwash-snapshot", "carwash-agent")
FIRST_LINES = 100
LONGEST_SECONDS = 660
"""The Pi itself ends it then, whatever becomes of us."""
CONNECT_SECONDS = 5.0
LOOK_SECONDS = 0.5
_SSH_PORT = 22
_PIECE_BYTES = 64 * 1024
_LONGEST_LINE_BYTES = 256 * 1024
_LONGEST_COMPLAINT = 300
_JOURNALCTL = (
    f"timeout {LONGEST_SECONDS} journalctl --follow --lines={FIRST_LINES} --output=json --no-pager --quiet"
    " --output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT " + " ".join(f"--unit={unit}.service" for unit in UNITS)
)


class LiveLogError(Exception):
    """The log cannot be followed. The sentence says why, and what to do."""


@dataclass(frozen=True)
class Target:
    """One Pi. `host_keys` (`ssh-ed25519 AAAA...`) are the only ones that are accepted."""

    host: str
    port: int
    user: str
    host_keys: tuple[str, ...]
    key_file: Path

    @property
    def command(self) -> str:
        """The journal is root's, and the plain user of a Pi becomes that by sudo, as for Ansible."""
        return f"exec {_JOURNALCTL}" if self.user == "root" else f"exec sudo -n {_JOURNALCTL}"


def follow(target: Target, is_over: Callable[[], bool]) -> Iterator[list[str]]:
    """The journal's entries as JSON texts, some at a time and as soon as they are there, until `is_over`, which is
    asked about twice a second. Raises LiveLogError, KeyFileError."""
    check_private_key(target.key_file)
    with ExitStack() as ends:
        connection = _connection(target)
        ends.callback(connection.close)
        _connect(connection)
        channel = connection.create_session()
        ends.callback(channel.close)
        channel.settimeout(LOOK_SECONDS)
        channel.exec_command(target.command)
        yield from _lines(channel, is_over)


def _connection(target: Target) -> Any:
    connection = fabric.Connection(
        target.host,
        user=target.user,
        port=target.port,
        config=fabric.Config(overrides={"load_ssh_configs": False}),
        connect_timeout=CONNECT_SECONDS,
        connect_kwargs={
            "key_filename": str(target.key_file),
            "look_for_keys": False,
            "allow_agent": False,
            "banner_timeout": CONNECT_SECONDS,
            "auth_timeout": CONNECT_SECONDS,
            "channel_timeout": CONNECT_SECONDS,
        },
    )
    # Fabric's own policy is to take any key of a host it has not seen.
    connection.client.set_missing_host_key_policy(paramiko.RejectPolicy())
    name = target.host if target.port == _SSH_PORT else f"[{target.host}]:{target.port}"
    for line in target.host_keys:
        key = _host_key(name, line)
        connection.client.get_host_keys().add(name, key.get_name(), key)
    return connection


def _host_key(name: str, line: str) -> Any:
    try:
        return paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {line}").key
    except (paramiko.SSHException, AttributeError) as error:
        kind = line.partition(" ")[0]
        raise LiveLogError(f"its recorded SSH host key cannot be read ({kind}): let it register again") from error


def _connect(connection: Any) -> None:
    try:
        connection.open()
    except paramiko.BadHostKeyException as error:
        raise LiveLogError(
            "what answers at its address is not this Pi: it shows another host key than the one that was recorded at"
            " registration. Was its card written anew? Then let it register again; if not, do not trust it"
        ) from error
    except paramiko.AuthenticationException as error:
        raise LiveLogError(
            f"it does not let {connection.user} in with our SSH key: is the public key in its authorized_keys?"
        ) from error
    except paramiko.SSHException as error:
        raise LiveLogError(f"SSH does not come about: {str(error)[:_LONGEST_COMPLAINT]}") from error
    except OSError as error:
        reason = error.strerror or "it does not answer in time"
        raise LiveLogError(f"it cannot be reached over SSH at port {connection.port}: {reason}") from error


def _lines(channel: Any, is_over: Callable[[], bool]) -> Iterator[list[str]]:
    rest = b""
    looked = time.monotonic()
    while True:
        now = time.monotonic()
        if now - looked >= LOOK_SECONDS:
            looked = now
            if is_over():
                return
        try:
            piece = channel.recv(_PIECE_BYTES)
        except TimeoutError:
            continue
        except OSError as error:
            raise LiveLogError("the connection to the Pi broke off") from error
        if not piece:
            break
        *whole, rest = (rest + piece).split(b"\n")
        rest = rest[:_LONGEST_LINE_BYTES]
        if whole:
            yield [line.decode(errors="replace") for line in whole]
    _complain(channel)


def _complain(channel: Any) -> None:
    """It was to go on. Raises LiveLogError."""
    status = channel.recv_exit_status() if channel.status_event.wait(LOOK_SECONDS) else None  # it comes after the end
    words = (
        channel.recv_stderr(_LONGEST_COMPLAINT).decode(errors="replace").strip() if channel.recv_stderr_ready() else ""
    )
    if status is None:
        raise LiveLogError("the connection to the Pi broke off")
    raise LiveLogError(f"journalctl ended with {status}{f': {words}' if words else ''}")
