"""The demo: virtual car washes, installed by the real playbooks, watched and reconfigured by a real control plane."""

from __future__ import annotations

import sys
import time

from virtual_fleet import enrolment
from virtual_fleet.commands import say
from virtual_fleet.control_plane import ControlPlane
from virtual_fleet.demo import deployment, pictures, trouble
from virtual_fleet.fleet import Fleet
from virtual_fleet.monitoring import Monitoring

TENANT = "demo"
EMAIL = "operator@demo.test"


def run(*, sites: int) -> int:
    """Boot, enrol, install, fetch, deploy, break a site, print. Returns the exit code: 0 when all came as it should."""
    started = time.monotonic()
    fleet = Fleet("demo")
    fleet.up(sites=sites)
    trouble.end(fleet)
    plane = ControlPlane(fleet, monitored=True)
    say("starting the control plane (SQLite and Redis) ...")
    plane.up()
    person = enrolment.enrol(plane, EMAIL, tenant=TENANT)
    enrolment.install(plane, person)
    say("starting Prometheus and Alertmanager ...")
    monitoring = Monitoring(plane)
    monitoring.up()
    rows = [pictures.picture_of(fleet, site) for site in fleet.sites]
    say("waiting for every site to check in ...")
    enrolment.wait_until_here(person.api, fleet)
    changes = deployment.change_interval(person.api, fleet)
    deployment.look_at_sites(person.api)
    alert = trouble.begin(fleet, person.api)
    good = sum(row.picture is not None for row in rows)
    lines = [
        pictures.table(rows),
        "",
        f"{good} of {len(rows)} sites gave a fresh picture, {time.monotonic() - started:.0f} s after the start.",
        *deployment.sentences(changes),
        f"{trouble.failing_site(fleet).name} was then broken ({trouble.KIND}): alert {alert or 'MISSING'}.",
        "",
        f"Pictures: {pictures.PICTURES}/    API key: {fleet.api_key}",
        f"Try: curl -H 'X-API-Key: {fleet.api_key}' http://{fleet.sites[0].address}:8080/api/snapshot/info",
        f"Control plane: {plane.local_url}/    sign in as {person.email} with {person.password}",
        f"Its API: {plane.local_url}/api/openapi.json",
        f"Prometheus: {monitoring.url('prometheus')}/    Alertmanager: {monitoring.url('alertmanager')}/",
        "Watch a deployment go out in waves: make demo-deployment    End it all with: make demo-down",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if good == len(rows) and all(change.applied for change in changes) and alert else 1


def deploy() -> int:
    """Begin a deployment that is slow enough to be watched, and say where. Returns the exit code."""
    plane = ControlPlane(Fleet("demo"), monitored=True)
    number = deployment.begin_slowly(enrolment.person_of(plane, EMAIL, tenant=TENANT).api)
    sys.stdout.write(f"Watch it: {plane.local_url}/deployments/{number}\n")
    return 0
