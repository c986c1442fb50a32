"""Memory of the three services on a virtual site that has been delivering pictures for a minute."""

from __future__ import annotations

import time

from bench.site import provisioned_fleet
from bench.table import markdown
from virtual_fleet.controller import Controller
from virtual_fleet.fleet import Fleet
from virtual_fleet.site import Site

UNITS = ("carwash-stream", "carwash-snapshot", "carwash-agent")
SETTLING_SECONDS = 60
PI_MEMORY_MIB = 2048
"""The smallest Pi 4 in the fleet."""


def run() -> str:
    """Processes and proportional set size of each unit, ffmpeg included, as a table."""
    with provisioned_fleet(sites=1) as fleet:
        site = fleet.sites[0]
        with Controller(site.address, fleet.api_key) as controller:
            controller.wait_for_fresh_picture(timeout=60)
            time.sleep(SETTLING_SECONDS)
        measured = {unit: processes_and_mib(fleet, site, unit) for unit in UNITS}
    rows = [
        (unit, processes, f"{mib:.0f}", f"{mib / PI_MEMORY_MIB:.1%}") for unit, (processes, mib) in measured.items()
    ]
    total = sum(mib for _, mib in measured.values())
    rows.append(("all", sum(count for count, _ in measured.values()), f"{total:.0f}", f"{total / PI_MEMORY_MIB:.1%}"))
    return markdown(
        "Memory of the services",
        ["unit", "processes", "MiB (PSS)", f"of a {PI_MEMORY_MIB} MiB Pi"],
        rows,
        f"On a virtual site, after {SETTLING_SECONDS} s of a controller asking ten times a second; "
        "proportional set size, so a page two processes share counts half for each.",
    )


def processes_and_mib(fleet: Fleet, site: Site, unit: str) -> tuple[int, float]:
    """How many processes a unit has, and their proportional set size together, in MiB."""
    script = (
        f"ps -eo pid=,unit= | awk '$2 == \"{unit}.service\" {{print $1}}' | "
        "while read -r pid; do awk '/^Pss:/ {print $2}' /proc/$pid/smaps_rollup; done"
    )
    sizes = [int(line) for line in fleet.run(site, ["sh", "-c", script]).stdout.split()]
    return len(sizes), sum(sizes) / 1024
