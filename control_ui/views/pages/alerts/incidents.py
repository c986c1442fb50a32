"""Incidents: alerts with one likely cause, together."""

from __future__ import annotations

from flask import render_template, request

from control_ui.models import Incident
from control_ui.services import rows
from control_ui.services.alerts import incidents as service
from control_ui.services.alerts import listing
from control_ui.services.healing import listing as healing
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page


@page("/alerts/incidents", permission=Permission.FLEET_READ)
def incidents(call: Call) -> Answer:
    """Open ones, then those that are over."""
    return render_template("alerts/incidents.html", found=service.shown(call.session, call.now), now=call.now)


@page("/alerts/incidents/<int:incident_id>", permission=Permission.FLEET_READ)
def incident(call: Call, incident_id: int) -> Answer:
    """One incident with its alerts."""
    rows.fetch(call.session, Incident, incident_id, "incident")
    number = request.args.get("page", "")
    filters = listing.Filters(incident_id=incident_id)
    page_number = int(number) if number.isdecimal() and len(number) < 6 else 1
    values = {
        "shown": service.shown(call.session, call.now, incident_id)[0],
        "found": listing.listing(call.session, filters, page_number, call.now),
        "cases_of": healing.open_cases(call.session, incident_id=incident_id),
        "now": call.now,
    }
    if request.headers.get("HX-Target") == "incident":
        return render_template("alerts/_incident.html", **values)
    return render_template("alerts/incident.html", **values)
