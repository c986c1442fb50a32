"""How long a controller waits for a fresh picture after each kind of fault, nobody helping."""

from __future__ import annotations

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bench.site import INTERVAL_SECONDS, provisioned_fleet
from bench.table import markdown
from virtual_fleet.controller import Controller
from virtual_fleet.faults import FAULTS, processes
from virtual_fleet.fleet import Fleet
from virtual_fleet.site import Site

SITES = 3
HELD_SECONDS = 20
LONGEST_SECONDS = 180
ROUNDS = 2
MENDED_BY_THE_SITE = {fault.kind for fault in processes.FAULTS} | {"config-corrupted"}
"""Faults that nobody lifts: the time counts from the fault itself."""


def run() -> str:
    """Every kind of fault, shared out among virtual sites, as a table of seconds."""
    kinds = list(FAULTS)
    with provisioned_fleet(sites=SITES) as fleet, ThreadPoolExecutor(SITES) as pool:
        shares = [kinds[number::SITES] for number in range(SITES)]
        measured: dict[str, list[float]] = {}
        for share in pool.map(measure, [fleet] * SITES, fleet.sites, shares):
            measured |= share
    rows = []
    for kind in kinds:
        counted_from = "the fault" if kind in MENDED_BY_THE_SITE else f"its end, {HELD_SECONDS} s later"
        seconds = measured[kind]
        rows.append((kind, counted_from, f"{statistics.median(seconds):.1f}", f"{max(seconds):.1f}"))
    return markdown(
        "Recovery from faults",
        ["fault", "counted from", "fresh picture after, median s", "worst s"],
        rows,
        f"{SITES} virtual sites, a picture every {INTERVAL_SECONDS} s, controllers that ask ten times a second, "
        f"{ROUNDS} rounds. Fresh means captured after the moment counted from, by the time code in the picture.",
    )


def measure(fleet: Fleet, site: Site, kinds: list[str]) -> dict[str, list[float]]:
    """Seconds to recover, for each round, by kind of fault. Names on standard error what is under way."""
    measured = {}
    for kind in kinds:
        sys.stderr.write(f"    {site.name}: {kind}\n")
        measured[kind] = [recovery_seconds(fleet, site, kind) for _ in range(ROUNDS)]
    return measured


def recovery_seconds(fleet: Fleet, site: Site, kind: str) -> float:
    """Seconds until the controller holds a picture captured after the fault was over. Raises TimeoutError."""
    fleet.prepare(kind, site)
    with Controller(site.address, fleet.api_key) as controller:
        controller.wait_for_fresh_picture(timeout=LONGEST_SECONDS)
        try:
            over_at = time.time()
            fleet.fault(kind, site)
            if kind not in MENDED_BY_THE_SITE:
                time.sleep(HELD_SECONDS)
                fleet.heal(site)
                over_at = time.time()
            answer = controller.wait_for_fresh_picture(timeout=LONGEST_SECONDS, since=over_at)
        finally:
            fleet.heal(site)
    return answer.asked_at + answer.latency_seconds - over_at
