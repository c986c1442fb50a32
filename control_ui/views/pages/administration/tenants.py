"""Tenants: one's own, or all of them for the platform."""

from __future__ import annotations

from flask import flash, render_template, request

from control_ui.models import Tenant
from control_ui.services import rows, timezones
from control_ui.services.people import tenants
from control_ui.services.permissions import Permission
from control_ui.views import login_session
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.tenants import TenantChangeIn, TenantIn
from control_ui.views.pages.administration.tabs import PER_PAGE, cursor, show
from control_ui.views.pages.form import Problems, handle
from control_ui.views.pages.page import Answer, done, page, see_other

ADVICE = {
    "slug": "Enter 1 to 63 of a-z, 0-9 and -, not beginning with -",
    "name": "Enter the company's name",
    "timezone": "Enter the name of a time zone, such as America/Chicago",
    "log_retention_days": "Enter 1 to 3650 days",
    "event_retention_days": "Enter 1 to 3650 days",
    "sample_retention_days": "Enter 1 to 3650 days",
}


@page("/administration/tenants", permission=Permission.USERS_MANAGE)
def tenants_list(call: Call) -> Answer:
    """The companies whose car washes are looked after here."""
    return show("tenants", "tenants_list", found=tenants.listed(call.session, limit=PER_PAGE, cursor=cursor()))


@page("/administration/tenants/new", methods=("GET", "POST"), permission=Permission.PLATFORM_MANAGE)
def tenants_new(call: Call) -> Answer:
    """Make a tenant."""

    def form(problems: Problems) -> str:
        return render_template("administration/tenant_new.html", problems=problems, zones=timezones.listed())

    def work(body: TenantIn) -> Answer:
        new = tenants.NewTenant(body.slug, body.name, body.timezone, body.requires_approval)
        tenant = tenants.create(call.session, call.actor, new, reason=body.reason, now=call.now)
        return done(f"{tenant.name} is made. Go into it to make its first administrator.", "tenants_list")

    return handle(TenantIn, form, work, ADVICE)


@page("/administration/tenants/<int:tenant_id>/edit", methods=("GET", "POST"), permission=Permission.USERS_MANAGE)
def tenants_edit(call: Call, tenant_id: int) -> Answer:
    """Change a tenant's settings."""
    tenant = rows.fetch(call.session, Tenant, tenant_id, "tenant")

    def form(problems: Problems) -> str:
        return render_template(
            "administration/tenant_edit.html", problems=problems, tenant=tenant, zones=timezones.listed()
        )

    def work(body: TenantChangeIn) -> Answer:
        changes = tenants.Changes(**body.model_dump(exclude={"reason"}))
        tenants.change(
            call.session, call.actor, tenant.id, changes, row_version=row_version(), reason=body.reason, now=call.now
        )
        return done(f"The settings of {tenant.name} are changed.", "tenants_list")

    return handle(TenantChangeIn, form, work, ADVICE)


@page("/administration/tenants/<int:tenant_id>/enter", methods=("POST",), permission=Permission.PLATFORM_MANAGE)
def tenants_enter(call: Call, tenant_id: int) -> Answer:
    """See and do everything as if there were only this tenant, until one goes back."""
    tenant = rows.fetch(call.session, Tenant, tenant_id, "tenant")
    login_session.enter(login_session.EnteredTenant(tenant.slug, tenant.name))
    flash(f"You are in {tenant.name}: every page shows only what is its own.")
    return see_other("fleet")


@page("/administration/tenants/leave", methods=("POST",), permission=Permission.FLEET_READ)
def tenants_leave(_call: Call) -> Answer:
    """Back to all tenants."""
    login_session.enter(None)
    return see_other("tenants_list")


def row_version() -> int:
    """The one that the form was filled in on; 0, which no row has, where it does not say."""
    return request.form.get("row_version", 0, type=int)
