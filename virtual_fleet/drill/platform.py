"""Faults of the platform itself, and of many sites at once."""

from __future__ import annotations

import time
from typing import Any

import requests

from virtual_fleet.commands import say
from virtual_fleet.drill.one_drill import HEAL_SECONDS, Outcome
from virtual_fleet.drill.pager import Notification
from virtual_fleet.drill.watch import moment
from virtual_fleet.drill.world import FINAL, World
from virtual_fleet.errors import FleetError
from virtual_fleet.site import Site

NOBODY_HOME = "rtsp://{{ camera.host }}:554/nobody-home"
SUPERVISOR_SECONDS = 3.0
"""After so long systemd would start a process again that has died; here the drill does it."""
CUT_SECONDS = 420.0
"""Longer than the critical alert of a silent site waits."""
CUT_SHARE = 0.4
BEGIN_SECONDS = 240.0


def bad_deployment(world: World) -> Outcome:
    """A configuration that no camera answers to: the gate stops it after the first site, which goes back."""
    tenant, template = next(iter(world.templates.items()))
    api = world.api.for_tenant(tenant)
    response = api.request("GET", f"/api/templates/{template}")
    body = response.json()["body"] | {"rtsp_url": NOBODY_HOME}
    api.put(f"/api/templates/{template}", {"body": body}, response.headers["ETag"])
    began = time.time()
    say("  a configuration that no camera answers to is deployed ...")
    wishes = {"target": {"all": True}, "strategy": "waves", "reason": "a drill: it must undo itself"}
    started = api.post(f"/api/templates/{template}/deploy", wishes)
    path = f"/api/deployments/{started['id']}"
    stopped = api.wait_for(path, lambda one: one["state"] not in ("planned", "running"), timeout=HEAL_SECONDS)
    detected = time.time()
    ended = stopped if stopped["state"] in FINAL else api.wait_for(path, _has_ended, timeout=HEAL_SECONDS)
    well = world.watch.wait_for(lambda: all_well(world, since=detected), timeout=HEAL_SECONDS)
    return Outcome(
        "configuration no camera answers to", tenant,
        "the Pi's trial, and the deployment's gate", detected - began,
        "the deployment's own rollback", time.time() - began if well else None,
        called="", call_delay_seconds=None, as_planned=well and ended["state"] in ("rolled back", "failed"),
        note=f"the deployment is {ended['state']}",
    )  # fmt: skip


def killed_worker(world: World, site: Site) -> Outcome:
    """The worker dies while it heals a site: what it had begun is neither repeated nor forgotten."""
    began = time.time()
    world.fleet.fault("stream-off", site)
    try:
        busy = world.watch.wait_for(
            lambda: any(one["run_id"] for one in world.watch.actions_since(site.name, began)), timeout=BEGIN_SECONDS
        )
        if not busy:
            raise FleetError(f"nothing was done about the stopped stream of {site.name} within {BEGIN_SECONDS:.0f} s")
        killed = time.time()
        say(f"  the worker is killed while it heals {site.name} ...")
        restart(world, "worker")
        well = world.watch.wait_for(lambda: all_well(world, since=killed, only=site.name), timeout=HEAL_SECONDS)
    finally:
        world.fleet.heal(site)
    actions = world.watch.actions_since(site.name, began)
    first, rest = actions[0], actions[1:]
    twice = [
        one for one in rest if first["finished_at"] is None or moment(one["started_at"]) < moment(first["finished_at"])
    ]
    return Outcome(
        "worker killed while it heals", site.name, "the reaper", None, f"fleet healing ({actions[-1]['action']})",
        time.time() - killed if well else None, called="", call_delay_seconds=None, as_planned=well and not twice,
        note=f"{len(actions)} actions, never two at once",
    )  # fmt: skip


def lost_redis(world: World) -> Outcome:
    """Redis dies and comes back: nothing that was wanted is lost, as the database says what there is to do."""
    began = time.time()
    say("  Redis is killed ...")
    restart(world, "redis")
    noticed = _not_ready(world)
    world.plane.wait_until_ready()
    tenant = next(iter(world.templates))
    api = world.api.for_tenant(tenant)
    run = api.post(
        "/api/runs", {"playbook": "diagnose", "target": {"all": True}, "reason": "a drill: does work go on?"}
    )
    final = ("succeeded", "partial", "failed", "canceled", "lost")
    ended = api.wait_for(f"/api/runs/{run['id']}", lambda one: one["state"] in final, timeout=HEAL_SECONDS)
    return Outcome(
        "Redis killed", "the platform", "/readyz", noticed - began if noticed else None,
        "its supervisor; the queue from the database", time.time() - began, called="", call_delay_seconds=None,
        as_planned=ended["state"] == "succeeded", note=f"the next run {ended['state']}",
    )  # fmt: skip


def wide_outage(world: World) -> Outcome:
    """A provider fails: many sites fall silent at once. One incident, one message a tenant and severity, no hands."""
    sites = world.fleet.sites
    cut = sites[: round(CUT_SHARE * len(sites))]
    names = {site.name for site in cut}
    began = time.time()
    say(f"  {len(cut)} of {len(sites)} sites lose their network for {CUT_SECONDS:.0f} s ...")
    try:
        for site in cut:
            world.fleet.fault("network-cut", site)
        seen = world.watch.wait_for(lambda: bool(_incidents(world, began)), timeout=BEGIN_SECONDS)
        detected = time.time()
        time.sleep(max(0.0, began + CUT_SECONDS - time.time()))  # the provider needs so long
        incidents = _incidents(world, began)
    finally:
        for site in cut:
            world.fleet.heal(site)
    back = time.time()
    well = world.watch.wait_for(lambda: all_well(world, since=back), timeout=HEAL_SECONDS)
    closed = world.watch.wait_for(lambda: _is_over(world, began, names), timeout=HEAL_SECONDS)
    messages = [one for one in world.pager.notifications if began < one.received_at < back and one.status == "firing"]
    touched = [one for name in names for one in world.watch.actions_since(name, began)]
    most = _most_of_a_kind(messages)
    planned = seen and well and closed and len(incidents) == 1 and most <= 1 and not touched
    cause = incidents[0]["cause"] if incidents else "no incident"
    return Outcome(
        f"{len(cut)} of {len(sites)} sites cut off", "the fleet", "the control plane (incident)", detected - began,
        "their return", time.time() - began if well and closed else None, called="", call_delay_seconds=None,
        as_planned=bool(planned),
        note=f"incidents: {len(incidents)} ({cause}); messages a tenant and severity: {most}; actions: {len(touched)}",
    )  # fmt: skip


def restart(world: World, part: str) -> None:
    """Kill a part of the control plane, and start it again as its supervisor would."""
    world.plane.kill(part)
    time.sleep(SUPERVISOR_SECONDS)  # systemd's RestartSec
    world.plane.start(part)


def all_well(world: World, *, since: float, only: str = "") -> bool:
    """Whether every site (or one) has checked in after `since` and was well."""
    names = [only] if only else [site.name for site in world.fleet.sites]
    for name in names:
        seen = world.watch.now(name)
        if seen is None or not seen.is_well or world.watch.heard(name) <= since:
            return False
    return True


def _has_ended(deployment: dict[str, Any]) -> bool:
    return deployment["state"] in FINAL


def _not_ready(world: World) -> float | None:
    """When /readyz said so, Unix seconds; None where it had recovered before it was asked."""
    try:
        answer = requests.get(f"{world.plane.local_url}/readyz", timeout=5)
    except requests.RequestException:
        return time.time()
    return None if answer.ok else time.time()


def _incidents(world: World, began: float) -> list[dict[str, Any]]:
    return [one for one in world.api.items("/api/incidents") if moment(one["opened_at"]) > began]


def _is_over(world: World, began: float, names: set[str]) -> bool:
    still = [one for name in names for one in world.watch.alerts_since(name, began) if one["state"] == "firing"]
    return not still and all(one["closed_at"] for one in _incidents(world, began))


def _most_of_a_kind(messages: list[Notification]) -> int:
    counts: dict[tuple[str, str], int] = {}
    for one in messages:
        counts[one.receiver, one.severity] = counts.get((one.receiver, one.severity), 0) + 1
    return max(counts.values(), default=0)
