"""A site by the names it has in metrics: where dashboards and notifications link to."""

from __future__ import annotations

import sqlalchemy as sa
from flask import redirect, url_for

from control_ui.models import Device, Tenant
from control_ui.services.errors import NotFoundError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import SEE_OTHER, Answer, page


@page("/sites/named/<tenant>/<device>", permission=Permission.FLEET_READ)
def site_named(call: Call, tenant: str, device: str) -> Answer:
    """Go on to the page of this device of this tenant."""
    query = sa.select(Device.id).join(Tenant, Tenant.id == Device.tenant_id)
    found = call.session.scalars(query.where(Tenant.slug == tenant, Device.name == device)).one_or_none()
    if found is None:
        raise NotFoundError(f"there is no site with a device {device}")
    return redirect(url_for("pages.site", device_id=found), SEE_OTHER)
