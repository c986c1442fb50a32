"""Prometheus and Alertmanager of a fleet in a box, beside its control plane, configured by the real roles.

The machine that runs a virtual fleet need not have systemd, so only the roles' configuration is applied to it: the two
daemons are started here, with the very arguments the roles would give their units.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from virtual_fleet import access, cgroups, commands
from virtual_fleet.ansible import run_playbook
from virtual_fleet.control_plane import GROUP, ControlPlane
from virtual_fleet.errors import FleetError

DAEMONS = ("prometheus", "alertmanager")
_PROGRAMS = {"prometheus": "prometheus", "alertmanager": "prometheus-alertmanager"}
READY_SECONDS = 60.0
CONFIGURE = "prometheus_configure,alertmanager_configure"


@dataclass(frozen=True)
class Monitoring:
    """One stack, by its control plane, which has to be `monitored`. Every method raises FleetError."""

    plane: ControlPlane

    @property
    def directory(self) -> Path:
        return self.plane.directory / "monitoring"

    def url(self, daemon: str) -> str:
        """Where `prometheus` or `alertmanager` answers on this machine."""
        return f"http://127.0.0.1:{self.plane.port_of(daemon)}"

    def up(self, tenant_webhooks: Mapping[str, str] | None = None) -> None:
        """Have it configured, running and ready. `tenant_webhooks`: where each tenant's notifications go, by slug."""
        self._configure(tenant_webhooks or {})
        for daemon in DAEMONS:
            if not cgroups.pids(self.plane.fleet.name, GROUP, daemon):
                self._start(daemon)
        for daemon in DAEMONS:
            self._wait_until_ready(daemon)

    def _configure(self, tenant_webhooks: Mapping[str, str]) -> None:
        """Run the roles' configuration over a local connection, with every path among the fleet's own state."""
        self.directory.mkdir(mode=0o700, exist_ok=True)
        inventory = self.directory / "hosts.yml"
        hosts = {"monitoring": {"hosts": {"localhost": self._variables(tenant_webhooks)}}}
        access.write_secret(inventory, yaml.safe_dump({"all": {"children": hosts}}).rstrip("\n"))
        result = run_playbook(inventory, "monitoring.yml", f"--tags={CONFIGURE}", capture_output=True)
        if result.returncode:
            raise FleetError(f"monitoring.yml failed: {result.stdout[-2000:]}{result.stderr[-500:]}")

    def _variables(self, tenant_webhooks: Mapping[str, str]) -> dict[str, Any]:
        variables: dict[str, Any] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "prometheus_control_url": self.plane.url,
            "prometheus_metrics_token": self.plane.metrics_token,
            "prometheus_alertmanagers": [f"127.0.0.1:{self.plane.port_of('alertmanager')}"],
            "alertmanager_control_url": self.plane.url,
            "alertmanager_webhook_token": self.plane.alert_webhook_token,
            "alertmanager_tenants": [
                {"slug": slug, "webhooks": [{"url": url}]} for slug, url in sorted(tenant_webhooks.items())
            ],
        }
        for daemon in DAEMONS:
            variables |= {
                f"{daemon}_install_packages": False,
                f"{daemon}_manage_service": False,
                f"{daemon}_owner": "root",
                f"{daemon}_group": "root",
                f"{daemon}_config_dir": str(self.directory / daemon),
                f"{daemon}_data_dir": str(self.directory / f"{daemon}-data"),
                f"{daemon}_environment_file": str(self._environment_file(daemon)),
                f"{daemon}_listen": f"127.0.0.1:{self.plane.port_of(daemon)}",
            }
        return variables

    def _environment_file(self, daemon: str) -> Path:
        return self.directory / f"{daemon}.default"

    def _start(self, daemon: str) -> None:
        given = self._environment_file(daemon).read_text().partition('ARGS="')[2].rpartition('"')[0]
        groups = cgroups.create(self.plane.fleet.name, GROUP, daemon)
        with (self.directory / f"{daemon}.log").open("ab") as log:
            words = [_PROGRAMS[daemon], *shlex.split(given)]
            commands.start_detached(words, {"PATH": "/usr/sbin:/usr/bin"}, groups, output=log.fileno())

    def _wait_until_ready(self, daemon: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url(daemon)}/-/ready", timeout=5).ok:
                    return
            except requests.ConnectionError:
                if not cgroups.pids(self.plane.fleet.name, GROUP, daemon):
                    break
            time.sleep(0.2)  # neither tells anybody when it is ready
        raise FleetError(f"{daemon} is not ready; see {self.directory}/{daemon}.log")
