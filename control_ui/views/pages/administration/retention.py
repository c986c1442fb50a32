"""How long what happened is kept."""

from __future__ import annotations

from datetime import timedelta

from control_ui.services.people import tenants
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.administration.tabs import PER_PAGE, cursor, show
from control_ui.views.pages.page import Answer, page

KINDS = ("event_retention_days", "log_retention_days", "sample_retention_days")


@page("/administration/retention", permission=Permission.USERS_MANAGE)
def retention(call: Call) -> Answer:
    """By tenant, for how many days, and since when therefore."""
    found = tenants.listed(call.session, limit=PER_PAGE, cursor=cursor())
    kept = {
        tenant.id: [(days := getattr(tenant, kind), call.now - timedelta(days=days)) for kind in KINDS]
        for tenant in found.items
    }
    return show("retention", "retention", found=found, kept=kept)
