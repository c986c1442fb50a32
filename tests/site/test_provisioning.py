"""A site from nothing to a picture, by the real playbooks over SSH on real systemd."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import RunPlaybook
from virtual_fleet import timecode
from virtual_fleet.controller import Controller, fetch
from virtual_fleet.fleet import Fleet

pytestmark = pytest.mark.fleet

UNITS = ("carwash-stream", "carwash-snapshot", "carwash-agent")
RECAP = re.compile(
    r"^(?P<host>\S+)\s+: ok=\d+\s+changed=(?P<changed>\d+)\s+unreachable=(?P<unreachable>\d+)\s+failed=(?P<failed>\d+)",
    re.M,
)


def recap(result: subprocess.CompletedProcess[str]) -> dict[str, tuple[int, int]]:
    """(changed, failed + unreachable) by host, from a playbook's last lines."""
    return {
        match["host"]: (int(match["changed"]), int(match["failed"]) + int(match["unreachable"]))
        for match in RECAP.finditer(result.stdout)
    }


def test_every_site_gives_its_controller_a_fresh_picture_of_its_own_camera(fleet: Fleet) -> None:
    for site in fleet.sites:
        with Controller(site.address, fleet.api_key) as controller:
            answer = controller.wait_for_fresh_picture(timeout=30)
        assert abs(timecode.read(answer.body) - answer.asked_at) < 2 + 3
        info = json.loads(fetch(site.address, fleet.api_key, "/api/snapshot/info").body)
        assert info["stream"]["status"] == "streaming"
        assert not info["stale"]


def test_a_second_run_of_site_yml_changes_nothing_anywhere(fleet: Fleet, playbook: RunPlaybook) -> None:
    result = playbook("site.yml")
    assert recap(result) == {site.name: (0, 0) for site in fleet.sites}, result.stdout


def test_check_and_diff_show_exactly_a_changed_interval_and_alter_nothing(fleet: Fleet, playbook: RunPlaybook) -> None:
    before = [fleet.run(site, ["cat", "/etc/carwash/config.json"]).stdout for site in fleet.sites]
    override = json.dumps({"pi_service_config_overrides": {"snapshot_interval_seconds": 3}})
    result = playbook("site.yml", "--check", "--diff", "--extra-vars", override)
    assert recap(result) == {site.name: (1, 0) for site in fleet.sites}, result.stdout
    changed_lines = [line for line in result.stdout.splitlines() if re.match(r"^[+-] ", line)]
    wanted = ['-  "snapshot_interval_seconds": 2', '+  "snapshot_interval_seconds": 3']
    shown = [line.rstrip(",") for line in changed_lines if "version" not in line]
    assert sorted(shown) == sorted(wanted * len(fleet.sites)), result.stdout
    assert [fleet.run(site, ["cat", "/etc/carwash/config.json"]).stdout for site in fleet.sites] == before


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_hardened(fleet: Fleet, unit: str) -> None:
    result = fleet.run(fleet.sites[0], ["systemd-analyze", "security", f"{unit}.service", "--no-pager"])
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", result.stdout)
    assert exposure, result.stdout + result.stderr
    assert float(exposure[1]) <= 3.0, result.stdout


def test_no_secret_is_in_the_journal_in_ansibles_output_or_in_a_report(
    fleet: Fleet, playbook: RunPlaybook, tmp_path: Path
) -> None:
    site = fleet.sites[0]
    result = playbook("diagnose.yml", "--limit", site.name, "--extra-vars", f"diagnose_directory={tmp_path}")
    assert result.returncode == 0, result.stdout + result.stderr
    report = (tmp_path / f"{site.name}.txt").read_text()
    journal = fleet.run(site, ["journalctl", "--no-pager", "--output=cat"]).stdout
    assert "carwash-stream" in report
    for secret in (site.camera_password, fleet.api_key):
        for place in (report, journal, result.stdout):
            assert secret not in place
