"""Shared by every test: the repository, Ansible as its users call it, the virtual sites, and a browser."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

from virtual_fleet.ansible import REPOSITORY, run_playbook
from virtual_fleet.fleet import Fleet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

INTERVAL_SECONDS = 2
REAL_TIME = ("tests/end_to_end/", "tests/pi_service/", "tests/site/", "tests/virtual_fleet/")
BROWSER = "tests/browser/"
NICE = 15

RunPlaybook = Callable[..., subprocess.CompletedProcess[str]]


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist's schedulers are untyped
    """What shares expensive things, or measures itself by the clock, stays in one process: all that needs virtual sites
    or cameras, all that needs a browser, and every other file by itself."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path.startswith(REAL_TIME):
            return "real time"
        return BROWSER if path.startswith(BROWSER) else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest goes first, so that nobody waits for it at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(REAL_TIME))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Beside cameras that are filmed by the clock, everything else steps back."""
    if "PYTEST_XDIST_WORKER" in os.environ and not item.nodeid.startswith(REAL_TIME) and os.nice(0) == 0:
        os.nice(NICE)


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for every test of a process: Playwright does not run twice in one."""
    from tests.browser.plane import browser  # most tests need no browser, and none of what it takes

    with browser() as chromium:
        yield chromium


@pytest.fixture
def playbook(fleet: Fleet) -> RunPlaybook:
    """Runs a playbook on the virtual sites."""

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_playbook(fleet.inventory_path.parent, name, *arguments, capture_output=True)

    return run
