"""Shared by every test: the repository, Ansible as its users call it, and the virtual sites."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from virtual_fleet.ansible import REPOSITORY, run_playbook
from virtual_fleet.fleet import Fleet

INTERVAL_SECONDS = 2

RunPlaybook = Callable[..., subprocess.CompletedProcess[str]]


def pytest_itemcollected(item: pytest.Item) -> None:
    """What shares expensive things stays in one process: all that needs virtual sites, all that needs a browser, and
    every other file by itself."""
    folder = item.path.parent.name
    group = "fleet" if item.get_closest_marker("fleet") else folder if folder == "browser" else str(item.path)
    item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest goes first, so that nobody waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("fleet") is None)


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Three virtual sites, provisioned by `site.yml` with an interval of two seconds. They end with the session."""
    if os.geteuid() != 0:
        pytest.fail("virtual sites need root: run the tests with `make test`, which asks for it")
    fleet = Fleet("test")
    fleet.down()
    try:
        fleet.up(sites=3, interval_seconds=INTERVAL_SECONDS)
        result = run_playbook(fleet.inventory_path.parent, "site.yml", capture_output=True)
        assert result.returncode == 0, result.stdout + result.stderr
        yield fleet
    finally:
        fleet.down()


@pytest.fixture
def playbook(fleet: Fleet) -> RunPlaybook:
    """Runs a playbook on the virtual sites."""

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_playbook(fleet.inventory_path.parent, name, *arguments, capture_output=True)

    return run
