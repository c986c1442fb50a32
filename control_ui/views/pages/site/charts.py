"""How a site was over time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import jsonify, request

from control_ui.models import Device
from control_ui.services.permissions import Permission
from control_ui.services.site import charts, overview
from control_ui.services.site.charts import DEFAULT_RANGE, RANGES, Chart, Line
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.site.device import fetch, tab
from control_ui.views.pages.site.figures import figure
from control_ui.views.state import app_state

TABLE_POINTS = 48
DASHBOARD = "/d/carwash-device/device-deep-dive"
"""Of monitoring/grafana/dashboards/device-deep-dive.json."""


@page("/sites/<int:device_id>/charts", permission=Permission.FLEET_READ)
def site_charts(call: Call, device_id: int) -> Answer:
    """The charts, in words too; with `table=1` as a table."""
    device, chosen = fetch(call, device_id), _range()
    as_table = request.args.get("table") == "1"
    points = TABLE_POINTS if as_table else charts.MOST_POINTS
    found = charts.charts(call.session, device, RANGES[chosen], call.now, most_points=points)
    return tab(
        "charts",
        device,
        found=found,
        ranges=list(RANGES),
        chosen=chosen,
        as_table=as_table,
        summary=summary,
        grafana=_dashboard(call, device),
        figure=figure,
        stamp=lambda seconds: datetime.fromtimestamp(seconds, UTC),
    )


@page("/sites/<int:device_id>/charts.json", permission=Permission.FLEET_READ)
def site_charts_document(call: Call, device_id: int) -> Answer:
    """`{start, end, times, charts: [{name, unit, bars, most, lines: [{label, told, values}]}]}`, times in seconds
    since 1970."""
    found = charts.charts(call.session, fetch(call, device_id), RANGES[_range()], call.now)
    return jsonify(
        start=int(found.start.timestamp()),
        end=int(found.end.timestamp()),
        times=found.times,
        charts=[
            {
                "name": chart.name,
                "unit": chart.unit,
                "bars": chart.bars,
                "most": chart.most,
                "lines": [_line(line, chart) for line in chart.lines],
            }
            for chart in found.charts
        ],
    )


def _line(line: Line, chart: Chart) -> dict[str, Any]:
    values = [_short(value) for value in line.values]
    return {"label": line.label, "told": _in_words(line, chart, alone=True), "values": values}


def summary(chart: Chart) -> str:
    """What a chart shows, in a sentence."""
    return ". ".join(_in_words(line, chart, alone=len(chart.lines) == 1) for line in chart.lines)


def _in_words(line: Line, chart: Chart, *, alone: bool) -> str:
    label = "" if alone else f"{line.label} "
    if line.least is None or line.most is None or line.mean is None or line.last is None:
        return f"{label}not measured"
    if chart.bars:
        return f"{label}{line.total:.0f}"
    if line.least == line.most:
        return f"{label}{figure(line.last, chart.unit)} throughout"
    span = f"{figure(line.least, chart.unit)} to {figure(line.most, chart.unit)}"
    return f"{label}{figure(line.last, chart.unit)} now; {span}, mean {figure(line.mean, chart.unit)}"


def _dashboard(call: Call, device: Device) -> str:
    """The site's dashboard in Grafana; empty where there is no Grafana."""
    address = app_state().settings.grafana_url
    tenant = overview.tenant_of(call.session, device).slug
    variables = {"var-tenant": tenant, "var-region": device.site.region, "var-site": device.site.name}
    return f"{address}{DASHBOARD}?{urlencode(variables)}" if address else ""


def _range() -> str:
    chosen = request.args.get("range", DEFAULT_RANGE)
    return chosen if chosen in RANGES else DEFAULT_RANGE


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
