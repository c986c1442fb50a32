"""All sites at once, and what changes among them while somebody looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, render_template, request, url_for

from control_ui.services.errors import InvalidError
from control_ui.services.fleet import live, sites
from control_ui.services.fleet.filters import HELD, STATUSES, Filter
from control_ui.services.fleet.sites import FleetSite
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.fleet import asked
from control_ui.views.pages.fleet.asked import COLUMNS, DEFAULT_COLUMNS, GROUPINGS, VIEWS, Asked
from control_ui.views.pages.page import Answer, page
from control_ui.views.state import app_state


@dataclass(frozen=True)
class Group:
    """Sites that stand together, and how many of them are shown."""

    name: str
    sites: Sequence[FleetSite]
    shown: int


@page("/", permission=Permission.FLEET_READ)
def fleet(call: Call) -> Answer:
    """Every site is on the page; what the filter does not admit is hidden, so that the browser can show it at once."""
    wanted = asked.read(request.args)
    everything = sites.read(call.session)
    among, fault = _among(call, wanted.query)
    chosen = wanted.filter(among)
    shown = {site.id for site in everything if chosen.admits(site)}
    return render_template(
        "fleet/overview.html" if everything else "fleet/nothing.html",
        asked=wanted,
        views=VIEWS,
        groupings=GROUPINGS,
        columns=COLUMNS,
        total=len(everything),
        sites_address=url_for("pages.site", device_id=0).removesuffix("0"),  # 500 addresses are built from it
        shown=shown,
        counts=_counts(everything, wanted, among),
        sites=wanted.in_order(everything) if wanted.view in ("table", "map") else everything,
        groups=_groups(everything, wanted.by, shown),
        troubled=_troubled(everything, shown),
        choices=_choices(everything),
        default_columns=DEFAULT_COLUMNS,
        query_fault=fault,
        map_tiles=app_state().settings.map_tiles,
    )


@page("/fleet/state", permission=Permission.FLEET_READ)
def fleet_state(call: Call) -> Answer:
    """What an open fleet page asks for every second: 304 as long as nothing has changed."""
    query = request.args.get("query", "").strip()
    key = (call.session.scope, query)
    found = app_state().fleet.read(key, lambda: live.state(call.session, query))
    response = Response(found.body, mimetype="application/json")
    response.set_etag(found.etag)
    return response.make_conditional(request)


def _among(call: Call, query: str) -> tuple[set[int] | None, str]:
    """What the label query finds, and what is wrong with it: then it finds nothing."""
    try:
        return (sites.matching(call.session, query) if query else None), ""
    except InvalidError as error:
        return set(), error.detail[:1].upper() + error.detail[1:] + "."


def _counts(everything: list[FleetSite], wanted: Asked, among: set[int] | None) -> dict[str, int]:
    """By status, of what the rest of the filter admits."""
    rest = Filter(wanted.text, frozenset(), wanted.facets, None if among is None else frozenset(among))
    admitted = [site for site in everything if rest.admits(site)]
    counts = Counter(site.status.value for site in admitted)
    counts[HELD] = sum(bool(site.held_reason) for site in admitted)
    return {name: counts[name] for name in STATUSES}


def _choices(everything: list[FleetSite]) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen to filter by; of configurations also whether it is the wanted one."""
    found = sites.choices(everything)
    numbers = [(value, "none told yet" if value == sites.NONE else f"number {value}") for value, _ in found["config"]]
    return found | {"config": [(sites.DIFFERS, "not the wanted one"), *numbers]}


def _groups(everything: list[FleetSite], by: str, shown: set[int]) -> list[Group]:
    members: dict[str, list[FleetSite]] = {}
    for site in everything:
        members.setdefault(site.called(by), []).append(site)
    return [
        Group(name, found, sum(site.id in shown for site in found))
        for name, found in sorted(members.items(), key=lambda item: (item[0] == sites.NONE, item[0]))
    ]


def _troubled(everything: list[FleetSite], shown: set[int]) -> list[FleetSite]:
    """Those that are not well, the latest first among those that are off, and then among the others."""
    found = [site for site in everything if site.id in shown and site.status in ("offline", "degraded")]
    return sorted(found, key=lambda site: (site.status != "offline", -site.since.timestamp()))
