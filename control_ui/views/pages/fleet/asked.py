"""What the address of the fleet's page says: how the sites are shown, and which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from control_ui.services.fleet.filters import STATUSES, Filter
from control_ui.services.fleet.sites import FACETS, FleetSite

VIEWS = {"grid": "Grid", "table": "Table", "map": "Map", "pictures": "Pictures"}
GROUPINGS = ("region", "ring", "tenant")
COLUMNS = {
    "status": "Status",
    "why": "Why",
    "since": "Since",
    "place": "Place",
    "tenant": "Tenant",
    "region": "Region",
    "ring": "Ring",
    "template": "Template",
    "config": "Configuration",
    "release": "Release",
    "device": "Device",
}
DEFAULT_COLUMNS = ("status", "why", "since", "region", "ring", "template", "config", "release")
_WORST_FIRST = ("offline", "degraded", "never seen", "online")


@dataclass(frozen=True)
class Asked:
    """`sort` is `name` or a column, with `-` before it from the last to the first."""

    view: str
    by: str
    sort: str
    columns: tuple[str, ...]
    text: str
    statuses: tuple[str, ...]
    facets: dict[str, str]
    query: str

    def filter(self, among: set[int] | None) -> Filter:
        """`among`: what the label query found."""
        found = None if among is None else frozenset(among)
        return Filter(self.text, frozenset(self.statuses), self.facets, found)

    def in_order(self, sites: list[FleetSite]) -> list[FleetSite]:
        """As the table is sorted. What is equal stays by name."""
        name = self.sort.removeprefix("-")
        return sorted(sites, key=lambda site: _key(site, name), reverse=self.sort.startswith("-"))

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text or self.statuses or self.facets or self.query)


def read(given: MultiDict[str, str]) -> Asked:
    """What makes no sense is as if it had not been said: an old link still opens."""
    columns = tuple(name for name in COLUMNS if name in given.getlist("column"))
    return Asked(
        view=_one_of(given.get("view", ""), tuple(VIEWS)),
        by=_one_of(given.get("by", ""), GROUPINGS),
        sort=_sort(given.get("sort", "")),
        columns=columns or DEFAULT_COLUMNS,
        text=given.get("q", "").strip(),
        statuses=tuple(name for name in STATUSES if name in given.getlist("status")),
        facets={name: given[name] for name in FACETS if given.get(name)},
        query=given.get("query", "").strip(),
    )


def _one_of(value: str, words: tuple[str, ...]) -> str:
    return value if value in words else words[0]


def _sort(value: str) -> str:
    return value if value.removeprefix("-") in (*COLUMNS, "name") else "status"


def _key(site: FleetSite, column: str) -> Any:
    keys: dict[str, Any] = {
        "status": _WORST_FIRST.index(site.status),
        "why": (not site.reasons, site.why),
        "since": -site.since.timestamp(),
        "config": site.config_version or 0,
    }
    return keys[column] if column in keys else getattr(site, column).casefold()
