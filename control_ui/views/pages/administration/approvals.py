"""What waits for a second pair of eyes. It is decided on at the page of the run or the deployment, beside what it
would change."""

from __future__ import annotations

from flask import request

from control_ui.services.permissions import Permission
from control_ui.services.runs import approvals
from control_ui.views.api.operation import Call
from control_ui.views.pages.administration.tabs import PER_PAGE, cursor, show
from control_ui.views.pages.page import Answer, page


@page("/administration/approvals", permission=Permission.FLEET_READ)
def approvals_list(call: Call) -> Answer:
    """Approvals that can still be given, or all there were."""
    every = request.args.get("all") == "1"
    found = approvals.search(call.session, None if every else call.now, limit=PER_PAGE, cursor=cursor())
    return show(
        "approvals",
        "approvals_list",
        every=every,
        found=found,
        about=approvals.described(call.session, found.items),
        now=call.now,
    )
