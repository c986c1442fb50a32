"""The runs that touched a site, its alerts, and how it was."""

from __future__ import annotations

from flask import request

from control_ui.models.devices import DeviceStatus
from control_ui.services.alerts import search as alerts
from control_ui.services.devices.reasons import duration
from control_ui.services.permissions import Permission
from control_ui.services.site import touched
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.site.device import PER_PAGE, fetch, tab


@page("/sites/<int:device_id>/runs", permission=Permission.FLEET_READ)
def site_runs(call: Call, device_id: int) -> Answer:
    """Runs and alerts, a page of each; the status of the last seven days."""
    device = fetch(call, device_id)
    told = alerts.search(
        call.session,
        state=None,
        severity=None,
        acknowledged=None,
        device_id=device.id,
        limit=PER_PAGE,
        cursor=request.args.get("alerts"),
    )
    return tab(
        "runs",
        device,
        runs=touched.runs(call.session, device, limit=PER_PAGE, cursor=request.args.get("cursor")),
        alerts=told,
        timeline=touched.timeline(call.session, device, call.now),
        statuses=list(DeviceStatus),
        duration=duration,
    )
