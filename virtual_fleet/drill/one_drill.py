"""One fault at one site, from its beginning until the site is well again, and what that showed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from virtual_fleet.commands import say
from virtual_fleet.controller import Controller
from virtual_fleet.drill.catalogue import Drill
from virtual_fleet.drill.evidence import Evidence, Journal
from virtual_fleet.drill.pager import Notification
from virtual_fleet.drill.watch import moment
from virtual_fleet.drill.world import World
from virtual_fleet.errors import FleetError
from virtual_fleet.site import Site

WELL_SECONDS = 300.0
"""A site has to be well before it is drilled."""
HEAL_SECONDS = 600.0
"""After the cause is gone; longer than any of the rules waits."""
NOTICE_SECONDS = 20.0
"""In so long whatever disturbs a site is noticed by somebody."""
SETTLED_SECONDS = 10.0
"""A site that checks in well this long after the trouble was noticed has not just failed to tell of it yet."""
ALERT = "alert"
CALL_SECONDS = 720.0
"""Until somebody is called for what only a person can mend."""


@dataclass(frozen=True)
class Outcome:
    """What came of a fault. Seconds count from the fault, None where it did not happen."""

    name: str
    site: str
    detected_by: str
    detected_seconds: float | None
    healed_by: str
    healed_seconds: float | None
    called: str
    """The alert that called a person, empty where none did."""
    call_delay_seconds: float | None
    """From the threshold to the pager."""
    as_planned: bool
    note: str = ""

    @property
    def without_a_person(self) -> bool:
        return self.as_planned and not self.called


def carry_out(world: World, drill: Drill, site: Site) -> Outcome:
    """Do it. Raises FleetError where the site is not well to begin with."""
    world.fleet.prepare(drill.kind, site)
    with Controller(site.address, world.fleet.api_key, rate_hz=2) as controller:
        _wait_until_well(world, controller, site, WELL_SECONDS, "before the drill")
        journal = Journal(world.fleet, site)
        began = time.time()
        say(f"  {site.name}: {drill.name}: {world.fleet.fault(drill.kind, site)}")
        try:
            if drill.is_for_a_person:
                return _until_somebody_came(world, drill, site, controller, began)
            return _until_well(world, drill, site, controller, journal, began)
        finally:
            world.fleet.heal(site)


def _until_well(
    world: World, drill: Drill, site: Site, controller: Controller, journal: Journal, began: float
) -> Outcome:
    if drill.lasts_seconds:
        time.sleep(drill.lasts_seconds)  # the camera boots, the provider mends its line
        world.fleet.heal(site)

    def evidence() -> list[Evidence]:
        return sorted([*journal.evidence(), *_seen_from_outside(world, site, began)], key=lambda one: one.at)

    world.watch.wait_for(lambda: bool(evidence()), timeout=NOTICE_SECONDS)
    healed = _well_again(world, controller, site, began, settled=time.time() + SETTLED_SECONDS)
    found = evidence()
    # An alert may still be of the fault before: it counts only where nobody else has noticed anything.
    noticed = min(found, key=lambda one: (one.who.startswith(ALERT), one.at), default=None)
    acted = [one for one in found if one.acted]
    if healed is not None and acted:
        healed = max(healed, acted[-1].at)
    itself = "the cause passed" if drill.lasts_seconds else "the Pi"
    return Outcome(
        drill.name, site.name,
        detected_by=noticed.who if noticed else "nobody: nothing was lost",
        detected_seconds=max(0.0, noticed.at - began) if noticed else None,
        healed_by=acted[-1].who if acted else itself,
        healed_seconds=None if healed is None else healed - began,
        called="", call_delay_seconds=None, as_planned=healed is not None,
        note=f"its cause lasted {drill.lasts_seconds:.0f} s" if drill.lasts_seconds else "",
    )  # fmt: skip


def _until_somebody_came(world: World, drill: Drill, site: Site, controller: Controller, began: float) -> Outcome:
    """The person comes when the pager has said where, why, and what to read; and mends it."""

    def calls(notification: Notification) -> bool:
        return notification.received_at > began and any(map(_is_a_call, notification.of_device(site.name)))

    notification = world.pager.wait_for(calls, timeout=CALL_SECONDS)
    noticed = world.watch.trouble_since(site.name, began)
    call = next(filter(_is_a_call, notification.of_device(site.name))) if notification else None
    world.fleet.heal(site)
    mended = time.time()
    healed = _well_again(world, controller, site, mended, settled=mended)
    words = call["annotations"]["description"] if call else "nobody was called"
    return Outcome(
        drill.name, site.name,
        detected_by="the control plane" if noticed else "nobody",
        detected_seconds=noticed.at - began if noticed else None,
        healed_by="a person" if healed else "nobody",
        healed_seconds=None if healed is None else healed - began,
        called=call["labels"]["alertname"] if call else "",
        call_delay_seconds=notification.received_at - moment(call["startsAt"]) if notification and call else None,
        as_planned=call is not None and healed is not None, note=words,
    )  # fmt: skip


def _is_a_call(alert: dict[str, Any]) -> bool:
    """Critical, and says where, what and how."""
    told = alert["annotations"]
    return alert["labels"]["severity"] == "critical" and bool(told.get("description")) and bool(told.get("runbook_url"))


def _seen_from_outside(world: World, site: Site, began: float) -> list[Evidence]:
    found = [
        Evidence(moment(alert["starts_at"]), f"{ALERT} {alert['labels']['alertname']}", acted=False)
        for alert in world.watch.alerts_since(site.name, began)
    ]
    for action in world.watch.actions_since(site.name, began):
        found.append(Evidence(moment(action["started_at"]), f"fleet healing ({action['action']})", acted=True))
    if trouble := world.watch.trouble_since(site.name, began):
        found.append(Evidence(trouble.at, "the control plane", acted=False))
    return found


def _well_again(world: World, controller: Controller, site: Site, since: float, *, settled: float) -> float | None:
    """When pictures were fresh and the control plane content again, Unix seconds; None where that did not happen. The
    site must be heard to be well after `settled`."""
    try:
        answer = controller.wait_for_fresh_picture(timeout=HEAL_SECONDS, since=since)
    except TimeoutError:
        return None
    fresh_at = answer.asked_at + answer.latency_seconds
    if not world.watch.wait_for(lambda: _is_well(world, site, settled), timeout=HEAL_SECONDS):
        return None
    well = world.watch.now(site.name)
    return max(fresh_at, well.at if well and well.at > since else fresh_at)


def _is_well(world: World, site: Site, since: float) -> bool:
    seen, heard = world.watch.now(site.name), world.watch.heard(site.name)
    return seen is not None and seen.is_well and heard > since


def _wait_until_well(world: World, controller: Controller, site: Site, timeout: float, when: str) -> None:
    try:
        controller.wait_for_fresh_picture(timeout=timeout)
    except TimeoutError as error:
        raise FleetError(f"{site.name} gives no pictures {when}: {error}") from error
    if not world.watch.wait_for(lambda: _is_well(world, site, 0), timeout=timeout):
        raise FleetError(f"{site.name} is not well {when}: {world.watch.now(site.name)}")
