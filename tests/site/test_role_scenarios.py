"""Each role by itself on a fresh virtual site: check, converge, idempotence, verify, side effects."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from virtual_fleet.ansible import REPOSITORY

pytestmark = pytest.mark.fleet

SCENARIOS = sorted(path.parent.name for path in (REPOSITORY / "molecule").glob("*/molecule.yml"))
WITHOUT_A_PACKAGE = {"grafana"}
"""Debian has none, so no site can install it: its configuration is rendered by tests/monitoring."""
LONGEST_SCENARIO_SECONDS = 500


def test_every_role_has_a_scenario() -> None:
    roles = {path.parent.parent.name for path in (REPOSITORY / "roles").glob("*/tasks/main.yml")}
    assert sorted(roles - WITHOUT_A_PACKAGE) == SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_role_does_what_it_says(scenario: str) -> None:
    commands = Path(sys.executable).parent
    result = subprocess.run(
        [str(commands / "molecule"), "test", "--scenario-name", scenario],
        cwd=REPOSITORY,
        env=os.environ | {"PATH": f"{commands}:{os.environ['PATH']}", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SCENARIO_SECONDS,
    )
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-4000:]
