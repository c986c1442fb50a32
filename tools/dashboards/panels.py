"""Parts of Grafana dashboards, in the form of Grafana's own dashboard schema (v38)."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
PROMETHEUS: Json = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
FLEET = 'tenant=~"$tenant",region=~"$region"'
"""Of what is recorded by tenant and region."""
SITES = f'{FLEET},site=~"$site"'
"""The devices that are chosen above a dashboard."""
_GOOD_AT = {"red": 0.0, "orange": 0.95, "green": 0.99}
"""Colours of a share that should be 1."""
_BAD_FROM = {"green": 0.0, "red": 1.0}
"""Colours of a number that should be 0."""


def query(expression: str, legend: str = "", *, instant: bool = False) -> Json:
    """One PromQL query."""
    return {
        "datasource": PROMETHEUS,
        "expr": " ".join(expression.split()),
        "legendFormat": legend or "__auto",
        "instant": instant,
        "range": not instant,
        "format": "table" if instant and not legend else "time_series",
    }


def panel(kind: str, title: str, *queries: Json, unit: str = "short", **field: Any) -> Json:
    """A panel without its place; `field` are defaults of its values (`min`, `max`, `thresholds` ...)."""
    named = [entry | {"refId": chr(ord("A") + place)} for place, entry in enumerate(queries)]
    defaults = {"unit": unit, **field}
    return {
        "type": kind,
        "title": title,
        "datasource": PROMETHEUS,
        "targets": named,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _OPTIONS[kind],
    }


def chart(title: str, *queries: Json, unit: str = "short", **field: Any) -> Json:
    """Lines over time."""
    return panel("timeseries", title, *queries, unit=unit, **field)


def share(title: str, expression: str) -> Json:
    """One share that should be 1."""
    return panel("stat", title, query(expression, " ", instant=True), unit="percentunit", **_steps(_GOOD_AT))


def count(title: str, expression: str, *, bad: bool = False) -> Json:
    """One number; with `bad` it should be 0."""
    steps = _BAD_FROM if bad else {"green": 0.0}
    return panel("stat", title, query(expression, " ", instant=True), unit="short", **_steps(steps))


def table(title: str, expression: str, hidden: tuple[str, ...] = (), *, link: bool = False) -> Json:
    """The labels of an instant query's series, and their value; with `link` each device leads to its page."""
    made = panel("table", title, query(expression, instant=True))
    left_out = dict.fromkeys(("Time", "__name__", "job", "instance", *hidden), True)
    made["transformations"] = [{"id": "organize", "options": {"excludeByName": left_out}}]
    if link:
        url = "${control_url}/sites/named/${__data.fields.tenant}/${__data.fields.device}"
        target = {"title": "Open the site", "url": url, "targetBlank": True}
        override = {
            "matcher": {"id": "byName", "options": "device"},
            "properties": [{"id": "links", "value": [target]}],
        }
        made["fieldConfig"]["overrides"].append(override)
    return made


def dashboard(uid: str, title: str, description: str, rows: list[tuple[int, list[Json]]], **more: Any) -> Json:
    """`rows` are heights and panels; the panels of a row share its width evenly."""
    panels: list[Json] = []
    top = 0
    for height, of_row in rows:
        width = WIDTH // len(of_row)
        for place, made in enumerate(of_row):
            grid = {"h": height, "w": width, "x": place * width, "y": top}
            panels.append({"id": len(panels) + 1, "gridPos": grid, **made})
        top += height
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["carwash"],
        "timezone": "browser",
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "schemaVersion": 38,
        "time": {"from": more.get("since", "now-6h"), "to": "now"},
        "templating": {"list": variables(one_site=more.get("one_site", False))},
        "annotations": {"list": []},
        "links": _links(),
        "panels": panels,
    }


def variables(*, one_site: bool) -> list[Json]:
    """Data source, where the pages are, and tenant, region and site, each within the one before."""
    source = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    pages = _variable("control_url", "Pages", "label_values(carwash_control_info, public_url)", hide=2)
    seen = "device:carwash_offline:bool"
    chosen = [
        _variable("tenant", "Tenant", f"label_values({seen}, tenant)", several=True),
        _variable("region", "Region", f'label_values({seen}{{tenant=~"$tenant"}}, region)', several=True),
        _variable("site", "Site", f"label_values({seen}{{{FLEET}}}, site)", several=not one_site),
    ]
    return [source, pages, *chosen]


def _variable(name: str, label: str, values: str, *, several: bool = False, hide: int = 0) -> Json:
    made = {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": PROMETHEUS,
        "query": {"query": values, "refId": name},
        "refresh": 2,
        "sort": 1,
        "hide": hide,
        "multi": several,
        "includeAll": several,
    }
    return made | ({"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}} if several else {})


def _links() -> list[Json]:
    pages = {"type": "link", "title": "Fleet", "url": "${control_url}/", "icon": "external link", "targetBlank": True}
    others = {"type": "dashboards", "title": "Dashboards", "tags": ["carwash"], "asDropdown": True, "keepTime": True}
    plain = {"tooltip": "", "tags": [], "asDropdown": False, "includeVars": False, "keepTime": False}
    return [plain | pages, plain | {"url": "", "icon": "", "targetBlank": False, "includeVars": True} | others]


def _steps(colours: dict[str, float]) -> Json:
    """The first colour holds from below."""
    steps = [
        {"color": colour, "value": value if place else None} for place, (colour, value) in enumerate(colours.items())
    ]
    return {"thresholds": {"mode": "absolute", "steps": steps}}


_OPTIONS: dict[str, Json] = {
    "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "none"},
    "table": {"showHeader": True},
}
