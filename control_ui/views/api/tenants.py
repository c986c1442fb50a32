"""Tenants."""

from __future__ import annotations

from control_ui.models import Tenant
from control_ui.services import rows
from control_ui.services.people import tenants
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import PageQuery
from control_ui.views.api.schemas.tenants import TenantChangeIn, TenantIn, TenantOut, TenantPage

api = Api("tenants", "tenants")


@api.get("/tenants", permission=Permission.FLEET_READ, query=PageQuery, returns=TenantPage)
def list_tenants(call: Call, query: PageQuery) -> TenantPage:
    """List tenants: your own, or all of them for platform administrators."""
    page = tenants.listed(call.session, limit=query.limit, cursor=query.cursor)
    return TenantPage(items=[TenantOut.model_validate(tenant) for tenant in page.items], next=page.next)


@api.post(
    "/tenants", permission=Permission.PLATFORM_MANAGE, body=TenantIn, returns=TenantOut, status=201, errors=(409,)
)
def create_tenant(call: Call, body: TenantIn) -> Reply:
    """Make a tenant. Its slug never changes."""
    new = tenants.NewTenant(body.slug, body.name, body.timezone, body.requires_approval)
    return _reply(tenants.create(call.session, call.actor, new, reason=body.reason, now=call.now))


@api.get("/tenants/<int:tenant_id>", permission=Permission.FLEET_READ, returns=TenantOut)
def get_tenant(call: Call, tenant_id: int) -> Reply:
    """Show one tenant."""
    return _reply(rows.fetch(call.session, Tenant, tenant_id, "tenant"))


@api.put(
    "/tenants/<int:tenant_id>",
    permission=Permission.USERS_MANAGE,
    body=TenantChangeIn,
    returns=TenantOut,
    conditional=True,
)
def change_tenant(call: Call, tenant_id: int, body: TenantChangeIn) -> Reply:
    """Change a tenant's settings.

    Only what is given changes. A tenant's own administrators can switch approvals on but not off, and leave the
    retention to platform administrators.
    """
    changes = tenants.Changes(**body.model_dump(exclude={"reason"}))
    tenant = tenants.change(
        call.session,
        call.actor,
        tenant_id,
        changes,
        row_version=call.if_match or 0,
        reason=body.reason,
        now=call.now,
    )
    return _reply(tenant)


def _reply(tenant: Tenant) -> Reply:
    return Reply(TenantOut.model_validate(tenant), etag=tenant.row_version)
