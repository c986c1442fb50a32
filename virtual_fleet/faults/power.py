"""The power goes."""

from __future__ import annotations

from virtual_fleet import cgroups, network
from virtual_fleet.faults.kinds import Fault
from virtual_fleet.site import Site


def _cut_power(site: Site, _value: str | None) -> str:
    """End every process at once, the cable first: a machine without power says no goodbye."""
    network.set_cable(site, plugged=False)
    for part in ("keeper", "boot"):
        cgroups.kill(site.fleet, site.name, part)
    network.unplug(site)
    return "every process ended; the disk kept what was on it"


FAULTS = (Fault("power-cut", "The Pi loses its power; healing boots it again. The camera stays on.", _cut_power),)
