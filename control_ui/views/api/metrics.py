"""Figures for people: the fleet at a glance, and a device over time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from control_ui.models import Device
from control_ui.services import device_series, overview, rows
from control_ui.services.errors import InvalidError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.metrics import OverviewOut, SeriesOut, SeriesQuery

api = Api("metrics", "metrics")
A_DAY = timedelta(days=1)


@api.get("/metrics/overview", permission=Permission.FLEET_READ, returns=OverviewOut)
def show_overview(call: Call) -> OverviewOut:
    """Show the fleet at a glance: devices, configurations, runs, deployments, alerts."""
    return OverviewOut.model_validate(overview.overview(call.session, call.now))


@api.get("/metrics/device/<int:device_id>", permission=Permission.FLEET_READ, query=SeriesQuery, returns=SeriesOut)
def show_device(call: Call, device_id: int, query: SeriesQuery) -> SeriesOut:
    """Show how a device was over time.

    Gauges are averages of a step; counters and `config_version` are as they were at its end; `snapshot_fresh` and
    `streaming` are the share of samples, from 0 to 1, that were so."""
    device = rows.fetch(call.session, Device, device_id, "device")
    until = query.until or call.now
    since = query.since or until - A_DAY
    try:
        found = device_series.series(call.session, device, since, until, query.step)
    except InvalidError as error:
        faults = [replace(fault, path=f"query.{fault.path}") for fault in error.faults]
        raise InvalidError(error.detail, faults) from error
    return SeriesOut(
        device_id=device.id,
        device=device.name,
        start=found.start,
        step_seconds=found.step_seconds,
        points=found.points,
        series=found.values,
    )
