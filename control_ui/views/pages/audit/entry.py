"""One entry of the trail, with what was before and after, and its place in the chain."""

from __future__ import annotations

from flask import render_template

from control_ui.services.audit import entry as service
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page


@page("/audit/entries/<int:entry_id>", permission=Permission.AUDIT_READ)
def audit_entry(call: Call, entry_id: int) -> Answer:
    """Before and after side by side."""
    return render_template("audit/entry.html", shown=service.show(call.session, entry_id))
