"""The configuration of a site: each value with its layer, what is wanted and what is in force, and its history."""

from __future__ import annotations

from flask import request

from control_ui.services.permissions import Permission
from control_ui.services.site import settings
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.site.device import PER_PAGE, fetch, tab


@page("/sites/<int:device_id>/configuration", permission=Permission.FLEET_READ)
def site_configuration(call: Call, device_id: int) -> Answer:
    """What is in force, what is on its way, and every version there was."""
    device = fetch(call, device_id)
    found = settings.of_device(call.session, device.id, call.now)
    history = settings.history(call.session, device, limit=PER_PAGE, cursor=request.args.get("cursor"))
    return tab(
        "configuration",
        device,
        current=found.current,
        settings=found.settings,
        pending=found.pending,
        history=history,
        now=call.now,
    )


@page("/sites/<int:device_id>/configuration/<int:number>", permission=Permission.FLEET_READ)
def site_configuration_version(call: Call, device_id: int, number: int) -> Answer:
    """One version: how it differs from the one before it, and every value."""
    device = fetch(call, device_id)
    _, entry, difference = settings.change(call.session, device.id, number)
    return tab(
        "configuration_version",
        device,
        entry=entry,
        difference=difference,
        settings=settings.settings_of(entry.version),
    )
