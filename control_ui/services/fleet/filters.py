"""Which sites of the fleet's page are shown. The browser does the same with what the page holds (fleet-filter.js)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from control_ui.models.devices import DeviceStatus
from control_ui.services.fleet.sites import DIFFERS, FleetSite

HELD = "held"
STATUSES = (*(status.value for status in DeviceStatus), HELD)
"""What can be chosen among: how a site is, and whether it is held."""


@dataclass(frozen=True)
class Filter:
    """All that is given must hold, of `statuses` any one. `among` are the ids that a label query found."""

    text: str = ""
    statuses: frozenset[str] = frozenset()
    facets: Mapping[str, str] = field(default_factory=dict)
    among: frozenset[int] | None = None

    def admits(self, site: FleetSite) -> bool:
        return (
            self._is_in_status(site)
            and all(_has(site, name, value) for name, value in self.facets.items())
            and (self.among is None or site.id in self.among)
            and self._mentions(site)
        )

    def _is_in_status(self, site: FleetSite) -> bool:
        held = HELD in self.statuses and bool(site.held_reason)
        return not self.statuses or site.status.value in self.statuses or held

    def _mentions(self, site: FleetSite) -> bool:
        """Every word that was entered stands somewhere in what the site is called."""
        said = f"{site.name} {site.device} {site.place} {site.address}".casefold()
        return all(word in said for word in self.text.casefold().split())


def _has(site: FleetSite, name: str, value: str) -> bool:
    return site.differs if (name, value) == ("config", DIFFERS) else site.facets[name] == value
