"""Runs."""

from __future__ import annotations

from flask import render_template

from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page


@page("/runs", permission=Permission.FLEET_READ)
def runs(_call: Call) -> Answer:
    return render_template("runs/listing.html")
