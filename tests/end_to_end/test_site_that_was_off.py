"""A site that is off while the fleet changes gets exactly the newest wish when it returns, and never an older one."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.conftest import World
from virtual_fleet.control_api import HERE

pytestmark = pytest.mark.fleet


def applied_versions(world: World, name: str) -> list[int]:
    """Every number that came into force at a site since it was installed, by the Pi's own record."""
    record = json.loads(world.fleet.run(name, ["cat", "/var/lib/carwash/config-apply.json"]).stdout)
    return [entry["new_version"] for entry in record["history"] if entry["result"] == "applied"]


def test_of_two_deployments_it_missed_it_gets_the_newer_and_never_the_older(world: World) -> None:
    site = world.fleet.sites[1]
    template = world.template("missed-twice", jpeg_quality=81)
    assert world.deploy(template)["state"] == "succeeded"
    seen_before = len(applied_versions(world, site.name))
    world.fleet.fault("power-cut", site)
    try:
        device = world.device(site.name)["id"]
        world.api.wait_for(f"/api/devices/{device}", lambda one: one["status"] == "offline", timeout=90)
        missed = []
        for quality in (82, 83):
            number = world.new_version(template, jpeg_quality=quality)
            deployment = world.deploy(template, version=number)
            assert deployment["state"] == "succeeded", deployment
            missed.append(deployment["id"])
        assert world.progress(missed[0])[site.name] == "superseded"
        assert world.progress(missed[1])[site.name] == "waiting"
    finally:
        world.fleet.heal(site)
    path = f"/api/deployments/{missed[1]}/devices"
    world.api.wait_for(path, lambda page: {row["progress"] for row in page["items"]} == {"applied"}, timeout=120)
    assert world.configuration_at(site.name)["jpeg_quality"] == 83
    wanted = {row["name"]: row["config_version"] for row in world.api.items(path)}[site.name]
    assert applied_versions(world, site.name)[seen_before:] == [wanted]


def test_a_deployment_that_was_rolled_back_meanwhile_never_reaches_it(world: World) -> None:
    site = world.fleet.sites[2]
    template = world.template("taken-back", jpeg_quality=71)
    assert world.deploy(template)["state"] == "succeeded"
    before = world.configuration_at(site.name)
    seen_before = len(applied_versions(world, site.name))
    world.fleet.fault("power-cut", site)
    try:
        device = world.device(site.name)["id"]
        world.api.wait_for(f"/api/devices/{device}", lambda one: one["status"] == "offline", timeout=90)
        number = world.new_version(template, jpeg_quality=72)
        deployment = world.deploy(template, version=number)
        assert deployment["state"] == "succeeded", deployment
        rollback = world.api.post(f"/api/deployments/{deployment['id']}/rollback", {"reason": "a test"})
        assert world.ended(rollback["id"])["state"] == "succeeded"
    finally:
        world.fleet.heal(site)
    world.api.wait_for(f"/api/devices/{device}", lambda one: one["status"] in HERE, timeout=120)
    assert world.configuration_at(site.name)["jpeg_quality"] == before["jpeg_quality"]
    assert 72 not in _qualities(world, site.name, seen_before)


def _qualities(world: World, name: str, since: int) -> list[int]:
    """The JPEG quality of whatever came into force since, by the control plane's own versions."""
    path = f"/api/devices/{world.device(name)['id']}/config/versions"
    return [
        world.api.get(f"{path}/{number}")["shown"]["jpeg_quality"] for number in applied_versions(world, name)[since:]
    ]
