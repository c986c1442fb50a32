"""How a site is: its picture, its status and why, and what can be done."""

from __future__ import annotations

from flask import render_template, request

from control_ui.services.healing import listing as healing
from control_ui.services.healing import patterns
from control_ui.services.permissions import Permission
from control_ui.services.site import overview
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.site.device import fetch, tab


@page("/sites/<int:device_id>", permission=Permission.FLEET_READ)
def site(call: Call, device_id: int) -> Answer:
    """Everything about this moment."""
    device = fetch(call, device_id)
    found = overview.state(call.session, device.id, call.now)
    return tab(
        "overview",
        device,
        found=found,
        key_trouble=overview.key_trouble(found),
        wrong=healing.open_cases(call.session, device.id),
        tried=healing.recent(call.session, device.id),
        worse=patterns.worsening(call.session, device.id),
        kinds=patterns.KINDS,
        points=overview.points(call.session, device),
        tenant=overview.tenant_of(call.session, device),
        now=call.now,
    )


@page("/sites/<int:device_id>/state", permission=Permission.FLEET_READ)
def site_state(call: Call, device_id: int) -> Answer:
    """What changes by itself, for the open page."""
    found = overview.state(call.session, fetch(call, device_id).id, call.now)
    return render_template("site/_state.html", device=found.device, state=found.device.state, found=found, now=call.now)


@page("/sites/<int:device_id>/status", permission=Permission.FLEET_READ)
def site_status(call: Call, device_id: int) -> Answer:
    """The status alone, for the head of every tab."""
    device = fetch(call, device_id)
    tab_shown = request.args.get("tab", "")
    return render_template("site/_status.html", device=device, state=device.state, tab=tab_shown)
