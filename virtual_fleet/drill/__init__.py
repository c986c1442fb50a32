"""The drill: every kind of fault on a virtual fleet under the real monitoring stack, and who noticed, who mended it."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from virtual_fleet.commands import say
from virtual_fleet.drill import catalogue, platform, report
from virtual_fleet.drill.catalogue import DRILLS, Drill
from virtual_fleet.drill.one_drill import Outcome, carry_out
from virtual_fleet.drill.world import World, drilled_fleet
from virtual_fleet.errors import FleetError
from virtual_fleet.site import Site

FEWEST_SITES = 8
"""A tenant's wide outage needs three sites, and the drills of single sites must not look like one."""
AT_ONCE = 4


def run(*, sites: int) -> int:
    """Drill, print the table, end the fleet. Returns the exit code: 0 where all went as planned and enough healed."""
    if sites < FEWEST_SITES:
        raise FleetError(f"a drill needs at least {FEWEST_SITES} sites")
    catalogue.check()
    started = time.monotonic()
    with drilled_fleet(sites) as world:
        outcomes = list(_outcomes(world))
        minutes = (time.monotonic() - started) / 60
        notes = [f"- {outcome.name}: {outcome.note}" for outcome in outcomes if outcome.note]
        lines = [
            report.table(outcomes), "", *notes, "", report.summary(outcomes),
            f"{sites} virtual sites of {len(world.templates)} tenants, {minutes:.0f} minutes.",
        ]  # fmt: skip
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if report.is_good(outcomes) else 1


def _outcomes(world: World) -> Iterator[Outcome]:
    yield from _site_drills(world)
    first, *_ = world.fleet.sites
    yield _told(lambda: platform.bad_deployment(world))
    yield _told(lambda: platform.killed_worker(world, first))
    yield _told(lambda: platform.lost_redis(world))
    yield _told(lambda: platform.wide_outage(world))


def _site_drills(world: World) -> Iterator[Outcome]:
    """Some at once, each at a site that is free and has rested longest."""
    free: queue.Queue[Site] = queue.Queue()
    for site in world.fleet.sites:
        free.put(site)

    def at_a_free_site(drill: Drill) -> Outcome:
        site = free.get()
        try:
            return _told(lambda: carry_out(world, drill, site))
        finally:
            free.put(site)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(at_a_free_site, DRILLS)


def _told(drill: Callable[[], Outcome]) -> Outcome:
    outcome = drill()
    healed = "not healed" if outcome.healed_seconds is None else f"well after {outcome.healed_seconds:.0f} s"
    say(f"  {outcome.name}: {healed}, by {outcome.healed_by}")
    return outcome
