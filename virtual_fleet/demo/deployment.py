"""Another interval on the demo's sites, through the API, with the evidence that it is in force."""

from __future__ import annotations

import time
from dataclasses import dataclass

from virtual_fleet.commands import say
from virtual_fleet.control_api import ControlApi
from virtual_fleet.errors import FleetError
from virtual_fleet.fleet import Fleet

TEMPLATE = "standard"
INTERVALS_SECONDS = (10, 12)
DEPLOYMENT_SECONDS = 180.0
SOAK_SECONDS = 45
"""Between two waves of the deployment that is there to be watched."""
FINAL = ("succeeded", "failed", "rolled back", "canceled")


@dataclass(frozen=True)
class Change:
    """What the deployment did to one site."""

    site: str
    interval_seconds: int
    version: int | None
    progress: str
    seconds: float

    @property
    def applied(self) -> bool:
        return self.progress == "applied"


def change_interval(api: ControlApi, fleet: Fleet) -> list[Change]:
    """Deploy an interval that is not in force yet to every site."""
    sites = [site.name for site in fleet.sites]
    template, interval = _template(api)
    say(f"deploying an interval of {interval} s to {', '.join(sites)} through the API ...")
    started = time.monotonic()
    body = {"target": {"all": True}, "strategy": "all", "reason": "the demo shows a change"}
    deployment = api.post(f"/api/templates/{template}/deploy", body)
    path = f"/api/deployments/{deployment['id']}"
    api.wait_for(path, lambda answer: answer["state"] in FINAL, timeout=DEPLOYMENT_SECONDS)
    seconds = time.monotonic() - started
    return [
        Change(device["name"], interval, device["config_version"], device["progress"], seconds)
        for device in api.items(f"{path}/devices")
    ]


def look_at_sites(api: ControlApi) -> None:
    """A run that changes nothing, so that the demo has one that is no deployment's."""
    say("running diagnose.yml from the control plane ...")
    body = {"playbook": "diagnose", "target": {"all": True}, "reason": "how are the sites of the demo?"}
    run = api.post("/api/runs", body)
    final = ("succeeded", "partial", "failed", "canceled", "lost")
    api.wait_for(f"/api/runs/{run['id']}", lambda one: one["state"] in final, timeout=DEPLOYMENT_SECONDS)


def begin_slowly(api: ControlApi) -> int:
    """Begin a deployment in waves that takes its time, to the sites that are well; gives its id."""
    well = [device["id"] for device in api.items("/api/devices") if device["status"] == "online"]
    if not well:
        raise FleetError("no site is well: there is nothing to deploy to; see the fleet page")
    template, _ = _template(api)
    body = {
        "target": {"device_ids": well},
        "strategy": "waves",
        "parameters": {"waves": ["1", "100%"], "soak_seconds": SOAK_SECONDS},
        "reason": "to be watched",
    }
    return int(api.post(f"/api/templates/{template}/deploy", body)["id"])


def sentences(changes: list[Change]) -> list[str]:
    """What was changed, a line a site."""
    return [
        f"{change.site}: a picture every {change.interval_seconds} s is {change.progress}"
        + (f" as version {change.version}, {change.seconds:.0f} s after it was asked for." if change.applied else ".")
        for change in changes
    ]


def _template(api: ControlApi) -> tuple[int, int]:
    """The template's id, and its interval: the other one than it had, where there was one."""
    body = {"rtsp_url": "{{ camera.url }}", "checkin_interval_seconds": 2}
    found = [template for template in api.items("/api/templates") if template["name"] == TEMPLATE]
    if not found:
        made = api.post(
            "/api/templates", {"name": TEMPLATE, "body": body | {"snapshot_interval_seconds": INTERVALS_SECONDS[0]}}
        )
        return int(made["id"]), INTERVALS_SECONDS[0]
    response = api.request("GET", f"/api/templates/{found[0]['id']}")
    before = response.json()["body"]
    (interval, *_) = [one for one in INTERVALS_SECONDS if one != before.get("snapshot_interval_seconds")]
    etag = response.headers.get("ETag")
    if etag is None:
        raise FleetError("the control plane gave a template without an ETag")
    api.put(f"/api/templates/{found[0]['id']}", {"body": before | {"snapshot_interval_seconds": interval}}, etag)
    return int(found[0]["id"]), interval
