"""Faults of the site's network cable."""

from __future__ import annotations

from virtual_fleet import network, traffic
from virtual_fleet.faults.kinds import Fault
from virtual_fleet.site import Site


def _cut(site: Site, _value: str | None) -> str:
    network.set_cable(site, plugged=False)
    return "the cable is pulled"


def _mend(site: Site) -> None:
    network.set_cable(site, plugged=True)


FAULTS = (
    Fault("network-cut", "The site's network cable is pulled: no camera, no controller, no engineer.", _cut, _mend),
    Fault(
        "network-slow",
        "The site's network is slow and loses packets.",
        lambda site, _value: traffic.slow_down(site),
        traffic.restore,
    ),
)
