"""The devices as an Ansible inventory."""

from __future__ import annotations

from urllib.parse import urlencode

from control_ui.services import rows
from control_ui.services.devices import inventory
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.inventory import InventoryHostOut, InventoryOut, InventoryQuery
from control_ui.views.device_authentication import INVENTORY, RUN

api = Api("inventory", "inventory")


@api.get("/inventory", guard=INVENTORY, permission=Permission.FLEET_OPERATE, query=InventoryQuery, returns=InventoryOut)
def read_inventory(call: Call, query: InventoryQuery) -> InventoryOut:
    """Read devices as an inventory: a run its own, a person the tenant's.

    Camera passwords, and the configurations that hold them, are for runs and for people with the permission
    `devices:manage`. Platform administrators say which tenant they mean (X-Tenant): names are unique only there."""
    is_run = call.actor.kind == RUN
    if not is_run:
        rows.current_tenant(call.session)
    page = inventory.hosts(
        call.session,
        slice_id=call.actor.id if is_run else None,
        secrets=is_run or Permission.DEVICES_MANAGE in call.actor.permissions,
        limit=query.limit,
        cursor=query.cursor,
        now=call.now,
    )
    following = {"cursor": page.next, "limit": query.limit}
    return InventoryOut(
        devices=[InventoryHostOut.model_validate(host) for host in page.items],
        next=f"/api/inventory?{urlencode(following)}" if page.next is not None else None,
    )
