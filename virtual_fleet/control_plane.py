"""The control plane of a fleet in a box: Redis, web server and worker beside the virtual sites, on the fleet's own
bridge.

It is started by its own commands, as on a real machine; nothing of it is imported. Its processes live in the fleet's
control groups and
its files among the fleet's state, so that `down` ends and removes all of it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from virtual_fleet import access, cgroups, commands
from virtual_fleet.errors import FleetError
from virtual_fleet.fleet import Fleet
from virtual_fleet.places import REPOSITORY, STATE_ROOT

GROUP = "control-plane"
FIRST_PORTS = {"web": 8000, "prometheus": 9090, "alertmanager": 9093}
"""Where a free port is looked for; the last two are for the monitoring beside it."""
PORTS_TRIED = 100
READY_SECONDS = 60.0
COMMAND_SECONDS = 300.0
SECRETS = ("secret_key", "metrics_token", "alert_webhook_token")


@dataclass(frozen=True)
class ControlPlane:
    """One control plane, by its fleet. Every method raises FleetError.

    `database_url` empty: SQLite. `monitored`: an Alertmanager stands beside it, from which it reads alerts.
    """

    fleet: Fleet
    database_url: str = ""
    monitored: bool = False

    @property
    def directory(self) -> Path:
        return STATE_ROOT / self.fleet.name / GROUP

    @property
    def url(self) -> str:
        """Where the sites reach it."""
        return f"http://{self.fleet.gateway}:{self.port_of('web')}"

    @property
    def local_url(self) -> str:
        """Where a browser on this machine reaches it."""
        return f"http://127.0.0.1:{self.port_of('web')}"

    def port_of(self, part: str) -> int:
        """Of `web`, `prometheus` or `alertmanager`."""
        return int(self._remembered()[f"{part}_port"])

    @property
    def metrics_token(self) -> str:
        """What Prometheus presents to it."""
        return self._remembered()["metrics_token"]

    @property
    def alert_webhook_token(self) -> str:
        """What Alertmanager presents to it."""
        return self._remembered()["alert_webhook_token"]

    def up(self) -> None:
        """Have it running and ready; what runs already is left alone."""
        self._found()
        self.command("db", "upgrade")
        for part in ("redis", "web", "worker"):
            if not self.pids(part):
                self.start(part)
        self.wait_until_ready()

    def start(self, part: str) -> None:
        """Start `redis`, `web` or `worker`."""
        words = {
            "redis": self._redis_command(),
            "web": [sys.executable, "-m", "control_ui.wsgi"],
            "worker": [sys.executable, "-m", "control_ui.worker"],
        }[part]
        groups = cgroups.create(self.fleet.name, GROUP, part)
        with (self.directory / f"{part}.log").open("ab") as log:
            commands.start_detached(words, self.environment(), groups, output=log.fileno())

    def kill(self, part: str) -> None:
        """SIGKILL every process of a part, as a crash would."""
        cgroups.kill(self.fleet.name, GROUP, part)

    def pids(self, part: str) -> list[int]:
        return cgroups.pids(self.fleet.name, GROUP, part)

    def command(self, *words: str, stdin: str = "") -> str:
        """`flask --app control_ui <words>`; gives its standard output."""
        result = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "control_ui", *words],
            cwd=REPOSITORY,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if result.returncode:
            last = (result.stderr or result.stdout).strip().splitlines()[-3:]
            raise FleetError(f"`flask --app control_ui {' '.join(words)}` failed: {' | '.join(last)}")
        return result.stdout

    def environment(self) -> dict[str, str]:
        """What each of its processes is told."""
        remembered, port = self._remembered(), self.port_of("web")
        alertmanager = f"http://127.0.0.1:{self.port_of('alertmanager')}" if self.monitored else ""
        return os.environ | {
            "SECRET_KEY": remembered["secret_key"],
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"unix://{self.directory / 'redis.sock'}",
            "CARWASH_INSTANCE_DIR": str(self.directory / "instance"),
            "CARWASH_PUBLIC_URL": self.url,
            "CARWASH_LISTEN": f"127.0.0.1:{port} {self.fleet.gateway}:{port}",
            "CARWASH_COOKIE_SECURE": "0",  # plain HTTP on this machine only
            "CARWASH_METRICS_TOKEN": remembered["metrics_token"],
            "CARWASH_ALERT_WEBHOOK_TOKEN": remembered["alert_webhook_token"],
            "CARWASH_ALERTMANAGER_URL": alertmanager,
            "PYTHONPATH": str(REPOSITORY),
        }

    def wait_until_ready(self) -> None:
        """Returns once it can do its work. A server sends no event when it is ready, so it is asked."""
        deadline = time.monotonic() + READY_SECONDS
        answer = "no answer"
        while time.monotonic() < deadline:
            try:
                response = requests.get(f"{self.local_url}/readyz", timeout=5)
            except requests.RequestException as failure:
                answer = str(failure)
            else:
                if response.ok:
                    return
                answer = response.text
            time.sleep(0.2)
        raise FleetError(
            f"the control plane is not ready after {READY_SECONDS:.0f} s ({answer}); see {self.directory}/*.log"
        )

    def _redis_command(self) -> list[str]:
        if shutil.which("redis-server") is None:
            raise FleetError("this machine lacks Redis; install it with: apt-get install redis-server")
        files = ["--dir", str(self.directory), "--unixsocket", str(self.directory / "redis.sock")]
        return ["redis-server", *files, "--port", "0", "--save", "", "--appendonly", "yes"]

    def _found(self) -> None:
        """Make its secrets, and give it the key that opens the sites."""
        if self._state_file.exists():
            return
        keys = self.directory / "instance" / "ssh-keys"
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        access.write_secret(keys / "default", access.client_key(self.fleet.name).read_text().rstrip("\n"))
        content = {name: secrets.token_urlsafe(48) for name in SECRETS}
        content |= {f"{part}_port": str(_free_port(first)) for part, first in FIRST_PORTS.items()}
        access.write_secret(self._state_file, json.dumps(content))

    @property
    def _state_file(self) -> Path:
        return self.directory / "control-plane.json"

    def _remembered(self) -> Mapping[str, str]:
        try:
            document: dict[str, str] = json.loads(self._state_file.read_text())
        except FileNotFoundError as error:
            raise FleetError(f"fleet {self.fleet.name!r} has no control plane yet") from error
        return document


def _free_port(first: int) -> int:
    """The first port from `first` on that nobody uses on this machine."""
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise FleetError(f"every port from {first} to {first + PORTS_TRIED - 1} is in use on this machine")
