"""The fleet that is drilled: sites of two companies, a control plane, the monitoring stack, and a pager."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from virtual_fleet import enrolment
from virtual_fleet.commands import say
from virtual_fleet.control_api import ControlApi
from virtual_fleet.control_plane import ControlPlane
from virtual_fleet.drill.pager import Pager
from virtual_fleet.drill.watch import Watch
from virtual_fleet.errors import FleetError
from virtual_fleet.fleet import Fleet
from virtual_fleet.monitoring import Monitoring

FLEET = "drill"
TENANTS = 2
INTERVAL_SECONDS = 5
EMAIL = "on-call@drill.test"
TEMPLATE = "standard"
STANDARD = {
    "rtsp_url": "{{ camera.url }}",
    "snapshot_interval_seconds": INTERVAL_SECONDS,
    "checkin_interval_seconds": 2,
}
DEPLOYMENT_SECONDS = 240.0
FINAL = ("succeeded", "failed", "rolled back", "canceled")


@dataclass(frozen=True)
class World:
    """What a drill works with. `api` is the platform's administrator."""

    fleet: Fleet
    plane: ControlPlane
    monitoring: Monitoring
    api: ControlApi
    pager: Pager
    watch: Watch
    templates: dict[str, int]
    """The id of each tenant's template, by slug."""


@contextmanager
def drilled_fleet(sites: int) -> Iterator[World]:
    """Everything up, installed, deployed and watched. It ends with the context. Raises FleetError."""
    fleet = Fleet(FLEET)
    fleet.down()
    try:
        fleet.up(sites=sites, interval_seconds=INTERVAL_SECONDS, tenants=TENANTS)
        plane = ControlPlane(fleet, monitored=True)
        with Pager(fleet.gateway) as pager:
            plane.up()
            person = enrolment.enrol(plane, EMAIL)
            monitoring = Monitoring(plane)
            monitoring.up(tenant_webhooks={tenant: pager.url(tenant) for tenant in tenants_of(person.api)})
            enrolment.install(plane, person)
            enrolment.wait_until_here(person.api, fleet)
            templates = _deploy_everywhere(person.api)
            with Watch(person.api) as watch:
                yield World(fleet, plane, monitoring, person.api, pager, watch, templates)
    finally:
        fleet.down()


def tenants_of(api: ControlApi) -> list[str]:
    """Slugs of all tenants."""
    return [tenant["slug"] for tenant in api.items("/api/tenants")]


def _deploy_everywhere(api: ControlApi) -> dict[str, int]:
    """A configuration from the control plane on every site, so that it knows what is wanted there."""
    templates = {}
    for slug in tenants_of(api):
        own = api.for_tenant(slug)
        say(f"deploying the standard configuration to {slug} ...")
        templates[slug] = int(own.post("/api/templates", {"name": TEMPLATE, "body": STANDARD})["id"])
        body = {
            "target": {"all": True},
            "strategy": "all",
            "reason": "the drill's sites run what the control plane wants",
        }
        started = own.post(f"/api/templates/{templates[slug]}/deploy", body)
        ended = own.wait_for(
            f"/api/deployments/{started['id']}", lambda one: one["state"] in FINAL, timeout=DEPLOYMENT_SECONDS
        )
        if ended["state"] != "succeeded":
            raise FleetError(f"the first deployment to {slug} is {ended['state']}: {ended.get('reason') or ended}")
    return templates
