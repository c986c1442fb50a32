"""A whole fleet under a real control plane: virtual sites, PostgreSQL, Redis, web server, worker. Steered through the
API, or in a browser."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.control_ui.servers import Postgres
from virtual_fleet import access
from virtual_fleet.ansible import run_playbook
from virtual_fleet.control_api import HERE, ControlApi
from virtual_fleet.control_plane import ControlPlane
from virtual_fleet.fleet import Fleet

SITES = 4
TENANT = "washworld"
EMAIL = "engineer@washworld.test"
INTERVAL_SECONDS = 2
FINAL_DEPLOYMENTS = ("succeeded", "failed", "rolled back", "canceled")
FINAL_RUNS = ("succeeded", "partial", "failed", "canceled", "lost")
STANDARD = {
    "rtsp_url": "{{ camera.url }}",
    "snapshot_interval_seconds": INTERVAL_SECONDS,
    "checkin_interval_seconds": 2,
}


@dataclass(frozen=True)
class World:
    """What a test steers, and an administrator of the tenant that all sites belong to."""

    fleet: Fleet
    plane: ControlPlane
    api: ControlApi
    postgres: Postgres

    def device(self, name: str) -> dict[str, Any]:
        (device,) = (one for one in self.api.items("/api/devices") if one["name"] == name)
        return dict(device)

    def devices(self) -> dict[str, dict[str, Any]]:
        return {device["name"]: device for device in self.api.items("/api/devices")}

    def configuration_at(self, name: str) -> dict[str, Any]:
        """What the Pi itself has in force, read at the site."""
        document: dict[str, Any] = json.loads(self.fleet.run(name, ["cat", "/etc/carwash/config.json"]).stdout)
        return document

    def deploy(self, template: int, **wishes: Any) -> dict[str, Any]:
        """Deploy and wait for the end."""
        body = {"target": {"all": True}, "strategy": "all", "reason": "a test"} | wishes
        started = self.api.post(f"/api/templates/{template}/deploy", body)
        return self.ended(started["id"])

    def ended(self, deployment: int, timeout: float = 180) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.wait_for(
            f"/api/deployments/{deployment}", lambda one: one["state"] in FINAL_DEPLOYMENTS, timeout=timeout
        )
        return answer

    def progress(self, deployment: int) -> dict[str, str]:
        """Site name to where it stands in a deployment."""
        return {row["name"]: row["progress"] for row in self.api.items(f"/api/deployments/{deployment}/devices")}

    def template(self, name: str, **settings: Any) -> int:
        """A new template; its id."""
        return int(self.api.post("/api/templates", {"name": name, "body": STANDARD | settings})["id"])

    def new_version(self, template: int, **settings: Any) -> int:
        """Another version of a template; its number."""
        response = self.api.request("GET", f"/api/templates/{template}")
        body = response.json()["body"] | settings
        return int(
            self.api.put(f"/api/templates/{template}", {"body": body}, response.headers["ETag"])["latest_number"]
        )


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Four sites of one tenant, registered by themselves and checking in."""
    if os.geteuid() != 0:
        pytest.fail("virtual sites need root: run the tests with `make test`, which asks for it")
    fleet = Fleet("plane")
    fleet.down()
    postgres = Postgres()
    try:
        fleet.up(sites=SITES, interval_seconds=INTERVAL_SECONDS)
        postgres.execute("CREATE DATABASE carwash")
        plane = ControlPlane(fleet, postgres.url("carwash"))
        plane.up()
        world = World(fleet, plane, _administrator(plane), postgres)
        _enrol(world)
        yield world
    finally:
        fleet.down()
        postgres.stop()


def _administrator(plane: ControlPlane) -> ControlApi:
    plane.command("tenants", "create", "--slug", TENANT, "--name", "Wash World")
    password = secrets.token_urlsafe(15)
    words = ["users", "create", "--email", EMAIL, "--role", "admin", "--tenant", TENANT, "--password-stdin"]
    plane.command(*words, stdin=password)
    return ControlApi(plane.local_url, EMAIL, password)


def _enrol(world: World) -> None:
    """Import the sites, hand each its one-time token through the real role, and wait until all check in."""
    fleet, plane = world.fleet, world.plane
    tokens = plane.directory / "enrolment-tokens.json"
    plane.command(
        "inventory",
        "import",
        str(fleet.inventory_path.parent),
        f"--tenant={TENANT}",
        f"--known-hosts={access.known_hosts(fleet.name)}",
        f"--enrolment-tokens={tokens}",
    )
    fleet.up(sites=SITES, control_url=plane.url, enrolment_tokens=json.loads(tokens.read_text()))
    result = run_playbook(fleet.inventory_path.parent, "site.yml", capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
    world.api.wait_for("/api/devices", _all_here, timeout=90)


def _all_here(page: dict[str, Any]) -> bool:
    return sum(device["status"] in HERE for device in page["items"]) == SITES
