"""A real sshd on a free port of this machine: one key may come in, and gets a program of ours whatever it asks for."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.control_ui.servers import free_port, wait_until

CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {directory}/host_key
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile {directory}/authorized_keys
ForceCommand {directory}/forced
"""


@dataclass(frozen=True)
class Sshd:
    """`key_file` opens it. `asked` is written to: the commands that were asked for, one a line."""

    port: int
    user: str
    host_key: str
    key_file: Path
    asked: Path
    directory: Path

    def say(self, script: str) -> None:
        """What whoever comes in is answered from now on, by /bin/sh."""
        forced = self.directory / "forced"
        forced.write_text(f'#!/bin/sh\nprintf "%s\\n" "$SSH_ORIGINAL_COMMAND" >> {self.asked}\n{script}\n')
        forced.chmod(0o755)


@contextmanager
def serving(directory: Path) -> Iterator[Sshd]:
    """`directory` is its own."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert program, "this needs sshd: `make setup` installs it (apt-get install openssh-server)"
    Path("/run/sshd").mkdir(exist_ok=True)
    directory.chmod(0o755)
    server = Sshd(
        free_port(),
        getpass.getuser(),
        new_key(directory / "host_key"),
        directory / "client",
        directory / "asked",
        directory,
    )
    (directory / "authorized_keys").write_text(f"{new_key(server.key_file)}\n")
    server.asked.touch()
    server.say("true")
    configuration = directory / "sshd_config"
    configuration.write_text(CONFIGURATION.format(port=server.port, directory=directory))
    process = subprocess.Popen(
        [program, "-D", "-e", "-f", str(configuration)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: socket.create_connection(("127.0.0.1", server.port)).close(), "sshd", (OSError,))
        yield server
    finally:
        process.terminate()
        process.wait()


def new_key(path: Path, kind: str = "ed25519") -> str:
    """A new key at `path`; gives its public half, as `ssh-ed25519 AAAA...`."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    name, content, *_ = path.with_suffix(".pub").read_text().split()
    return f"{name} {content}"
