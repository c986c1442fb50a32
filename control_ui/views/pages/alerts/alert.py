"""One alert: what it says, what was tried against it, and who knows of it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for

from control_ui.models import Alert
from control_ui.services import rows
from control_ui.services.alertmanager.standing import standing
from control_ui.services.alerts import listing, runbooks
from control_ui.services.alerts.around import around
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import SEE_OTHER, Answer, page
from control_ui.views.state import app_state


@page("/alerts/<int:alert_id>", permission=Permission.FLEET_READ)
def alert(call: Call, alert_id: int) -> Answer:
    """The page of an alert, which goes on for as long as it fires."""
    found = rows.fetch(call.session, Alert, alert_id, "alert")
    row = listing.some(call.session, [found.id], call.now)[0]
    values = {
        "row": row,
        "around": around(call.session, found, row.silence, call.now),
        "alertmanager": standing(call.session, call.now),
        "now": call.now,
        "runbook": runbooks.of(found.annotations, app_state().settings.repository),
    }
    if request.headers.get("HX-Target") == "alert":
        return render_template("alerts/_alert.html", **values)
    return render_template("alerts/alert.html", **values)


@page("/alerts/runbooks/<name>", permission=Permission.FLEET_READ)
def alert_runbook(_call: Call, name: str) -> Answer:
    """A runbook that came with the software."""
    text = runbooks.read(name, app_state().settings.repository)
    return render_template("alerts/runbook.html", name=name, text=text)


@page("/docs/runbooks/<name>.md", permission=Permission.FLEET_READ)
def alert_runbook_address(_call: Call, name: str) -> Answer:
    """The address that notifications name it by."""
    return redirect(url_for("pages.alert_runbook", name=name), SEE_OTHER)
