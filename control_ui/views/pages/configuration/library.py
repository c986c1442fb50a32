"""The templates there are, and where they can be sent."""

from __future__ import annotations

from flask import render_template, request

from control_ui.models import Tenant
from control_ui.services import rows
from control_ui.services.configuration import library
from control_ui.services.configuration import templates as template_lines
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.configuration.target import selection, shown_targets
from control_ui.views.pages.page import Answer, page

PER_PAGE = 50


@page("/configuration", permission=Permission.FLEET_READ)
def templates(call: Call) -> Answer:
    """The library: templates with their latest versions. `devices` is a selection to deploy to."""
    text, archived = request.args.get("text", "")[:100].replace("\x00", ""), "archived" in request.args
    found = template_lines.find(
        call.session, archived=archived, text=text or None, limit=PER_PAGE, cursor=request.args.get("cursor")
    )
    return render_template(
        "configuration/library.html",
        entries=library.entries(call.session, found.items, call.now),
        next=found.next,
        text=text,
        archived=archived,
        targets=shown_targets(call),
        selection=selection(request.args.get("devices", "")),
        four_eyes=four_eyes(call),
    )


def four_eyes(call: Call) -> bool:
    """Whether changes wait for a second person here. A platform administrator is told at the deployment itself."""
    tenant_id = call.session.scope.tenant_id
    return tenant_id is not None and rows.fetch(call.session, Tenant, tenant_id, "tenant").requires_approval
