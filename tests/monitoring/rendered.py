"""The files that the roles write, as an engineer's command makes them, for daemons that are not units."""

from __future__ import annotations

import getpass
import grp
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from virtual_fleet.places import REPOSITORY

CONTROL_TOKEN = "control-plane-token-of-the-tests"  # nobody's
METRICS_TOKEN = "metrics-token-of-the-tests"  # nobody's
HOST = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}


def render(directory: Path, variables: Mapping[str, Any], *, tags: str, group: str = "monitoring") -> Path:
    """Run `playbooks/monitoring.yml` on this machine; gives the directory. AssertionError with what it said."""
    inventory = directory / "inventory.json"
    inventory.write_text(json.dumps({"all": {"children": {group: {"hosts": {"here": HOST}}}}}))
    given = directory / "variables.json"
    given.write_text(json.dumps(_unprivileged(directory) | dict(variables)))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    result = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")), str(REPOSITORY / "playbooks" / "monitoring.yml"),
            "-i", str(inventory), "--tags", tags, "-e", f"@{given}",
        ],
        env=environment | {"ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return directory


def _unprivileged(directory: Path) -> dict[str, Any]:
    owner, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    found: dict[str, Any] = {}
    for role in ("prometheus", "alertmanager", "grafana"):
        found |= {
            f"{role}_install_packages": False, f"{role}_manage_service": False,
            f"{role}_config_dir": str(directory / role), f"{role}_owner": owner, f"{role}_group": group,
            f"{role}_control_url": "http://127.0.0.1:8000",
        }  # fmt: skip
    for role in ("prometheus", "alertmanager"):
        found[f"{role}_data_dir"] = str(directory / f"{role}-data")
        found[f"{role}_environment_file"] = str(directory / f"{role}.default")
    return found | {
        "prometheus_metrics_token": METRICS_TOKEN,
        "alertmanager_webhook_token": CONTROL_TOKEN,
        "grafana_dashboards_dir": str(directory / "dashboards"),
    }
