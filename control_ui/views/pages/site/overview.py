"""One site."""

from __future__ import annotations

from flask import render_template

from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page


@page("/sites/<int:device_id>", permission=Permission.FLEET_READ)
def site(_call: Call, device_id: int) -> Answer:
    return render_template("site/overview.html", device_id=device_id)
