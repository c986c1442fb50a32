"""Shared by every test: the repository, Ansible as its users call it, and the virtual sites."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from virtual_fleet.fleet import Fleet

REPOSITORY = Path(__file__).resolve().parent.parent
PLAYBOOK_SECONDS = 600

RunPlaybook = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


def run_playbook(inventory: Path, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `playbooks/<playbook>` with the plain human output; the caller judges the return code."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", str(inventory)]
    environment = os.environ | {"ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        [*command, str(REPOSITORY / "playbooks" / playbook), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PLAYBOOK_SECONDS,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Three virtual sites, provisioned by `site.yml` with an interval of two seconds. They end with the session."""
    if os.geteuid() != 0:
        pytest.fail("virtual sites need root: run the tests with `make test`, which asks for it")
    fleet = Fleet("test")
    fleet.down()
    try:
        fleet.up(sites=3, variables={"pi_service_config_overrides": FAST_CONFIG})
        result = run_playbook(fleet.inventory_path.parent, "site.yml")
        assert result.returncode == 0, result.stdout + result.stderr
        yield fleet
    finally:
        fleet.down()


FAST_CONFIG = {"snapshot_interval_seconds": 2, "self_healing": {"cooldown_seconds": 5}}


@pytest.fixture
def playbook(fleet: Fleet) -> RunPlaybook:
    """Runs a playbook on the virtual sites."""

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_playbook(fleet.inventory_path.parent, name, *arguments)

    return run
