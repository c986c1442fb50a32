"""Ansible as its users call it: from a directory that is not the repository, without a configuration of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.ansible.control_plane import TOKEN, ControlPlane, control_plane

REPOSITORY = Path(__file__).resolve().parents[2]
Ansible = Callable[..., subprocess.CompletedProcess[str]]
Ask = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    """Runs an Ansible command in an empty directory; `configured` points it to the repository's ansible.cfg."""
    away = tmp_path / "away"
    away.mkdir()

    def run(
        command: str, *arguments: object, configured: bool = True, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment |= {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible")}
        environment |= variables or {}
        if configured:
            environment["ANSIBLE_CONFIG"] = str(REPOSITORY / "ansible.cfg")
        return subprocess.run(
            [str(Path(sys.executable).with_name(command)), *map(str, arguments)],
            cwd=away,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with control_plane() as plane:
        yield plane


@pytest.fixture
def ask(ansible: Ansible, plane: ControlPlane, tmp_path: Path) -> Ask:
    """Runs an Ansible command on the control plane's inventory."""

    def run(command: str, *arguments: object, source: Path | None = None, **environment: str) -> Any:
        variables = {
            "CARWASH_CONTROL_URL": plane.url,
            "CARWASH_INVENTORY_TOKEN": TOKEN,
            "CARWASH_KNOWN_HOSTS": str(tmp_path / "known_hosts"),
        } | environment
        inventory = source or REPOSITORY / "inventory" / "control_plane"
        return ansible(command, "-i", inventory, *arguments, variables=variables)

    return run
