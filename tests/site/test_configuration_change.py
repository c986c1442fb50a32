"""A configuration changes on a running site: no unit restarts, no request fails, a bad one undoes itself."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

import pytest

from tests.conftest import INTERVAL_SECONDS, RunPlaybook
from virtual_fleet.controller import Controller, fetch
from virtual_fleet.fleet import Fleet
from virtual_fleet.site import Site

pytestmark = pytest.mark.fleet

UNITS = ("carwash-stream", "carwash-snapshot", "carwash-agent")


def start_times(fleet: Fleet, site: Site) -> str:
    return fleet.run(site, ["systemctl", "show", "--property=Id,MainPID,ActiveEnterTimestampMonotonic", *UNITS]).stdout


def info(fleet: Fleet, site: Site) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(fetch(site.address, fleet.api_key, "/api/snapshot/info").body)
    return document


def version_in_force(fleet: Fleet, site: Site) -> int:
    return int(json.loads(fleet.run(site, ["cat", "/etc/carwash/config.json"]).stdout)["version"])


def configure(playbook: RunPlaybook, site: Site, **settings: Any) -> subprocess.CompletedProcess[str]:
    overrides = json.dumps({"pi_service_config_overrides": settings})
    return playbook("configure.yml", "--limit", site.name, "--extra-vars", overrides)


@pytest.mark.parametrize(
    "change",
    [{"snapshot_interval_seconds": 1}, {"jpeg_quality": 40}, {"rtsp_transport": "udp"}, {"max_width": 320}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_takes_effect_without_a_restart_and_without_one_failed_request(
    fleet: Fleet, playbook: RunPlaybook, change: dict[str, Any]
) -> None:
    site = fleet.sites[1]
    before = start_times(fleet, site), version_in_force(fleet, site)
    try:
        with Controller(site.address, fleet.api_key) as controller:
            controller.wait_for_fresh_picture(timeout=30)
            result = configure(playbook, site, **change)
            assert result.returncode == 0, result.stdout
            controller.wait_for_fresh_picture(timeout=30)
        assert [answer for answer in controller.answers if answer.status != 200] == []
        after = info(fleet, site)
        assert start_times(fleet, site) == before[0]
        assert after["config_version"] == before[1] + 1
        assert after["interval_seconds"] == change.get("snapshot_interval_seconds", INTERVAL_SECONDS)
        assert after["width"] == change.get("max_width", after["width"])
    finally:
        configure(playbook, site)


def test_a_changed_rtsp_url_takes_effect_without_one_failed_request(fleet: Fleet, playbook: RunPlaybook) -> None:
    site, other = fleet.sites[1], fleet.sites[2]
    before = start_times(fleet, site)
    try:
        with Controller(site.address, fleet.api_key) as controller:
            controller.wait_for_fresh_picture(timeout=30)
            result = configure(playbook, site, rtsp_url=other.camera_url)
            assert result.returncode == 0, result.stdout
            controller.wait_for_fresh_picture(timeout=30)
        assert [answer for answer in controller.answers if answer.status != 200] == []
        assert start_times(fleet, site) == before
        assert other.camera_password not in result.stdout
    finally:
        configure(playbook, site)


def test_a_second_run_of_the_same_configuration_changes_nothing(fleet: Fleet, playbook: RunPlaybook) -> None:
    site = fleet.sites[1]
    configure(playbook, site)
    assert "changed=0" in configure(playbook, site).stdout


def test_a_camera_that_does_not_answer_is_rolled_back_by_the_pi_itself(fleet: Fleet, playbook: RunPlaybook) -> None:
    site = fleet.sites[1]
    before = fleet.run(site, ["cat", "/etc/carwash/config.json"]).stdout
    with Controller(site.address, fleet.api_key) as controller:
        controller.wait_for_fresh_picture(timeout=30)
        result = configure(playbook, site, rtsp_url=f"rtsp://{site.camera_address}:5999/stream1")
        controller.wait_for_fresh_picture(timeout=30, since=time.time())
    assert result.returncode != 0
    assert "failed=1" in result.stdout
    assert "refused" in result.stdout, "the Pi's own reason is shown"
    assert fleet.run(site, ["cat", "/etc/carwash/config.json"]).stdout == before
    assert [answer for answer in controller.answers if answer.status != 200] == []


def test_a_configuration_with_faults_is_refused_with_every_fault_by_its_path(
    fleet: Fleet, playbook: RunPlaybook
) -> None:
    site = fleet.sites[1]
    before = fleet.run(site, ["cat", "/etc/carwash/config.json"]).stdout
    result = configure(playbook, site, snapshot_interval_seconds=0, jpeg_quality=200, colour="red")
    assert result.returncode != 0
    for path in ("snapshot_interval_seconds", "jpeg_quality", "colour"):
        assert path in result.stdout
    assert fleet.run(site, ["cat", "/etc/carwash/config.json"]).stdout == before
