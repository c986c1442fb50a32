"""How a device is, what it has logged, and what it is asked to do."""

from __future__ import annotations

import sqlalchemy as sa

from control_ui.models import Device, DeviceAction
from control_ui.services import rows
from control_ui.services.configuration.desire import wanted
from control_ui.services.devices import logs, mailbox, status
from control_ui.services.devices.status import Standing
from control_ui.services.pages import paginate
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.base import PageQuery
from control_ui.views.api.schemas.device_status import (
    ActionIn,
    ActionOut,
    ActionPage,
    DeviceStatusOut,
    LogOut,
    LogPage,
    LogQuery,
)

api = Api("device_status", "devices")


@api.get("/devices/<int:device_id>/status", permission=Permission.FLEET_READ, returns=DeviceStatusOut)
def device_status(call: Call, device_id: int) -> DeviceStatusOut:
    """Show how a device is, and why, in words."""
    device = rows.fetch(call.session, Device, device_id, "device")
    standing = Standing.of(device.state, wanted(device.state, call.now))
    return DeviceStatusOut.of(
        device,
        standing,
        reasons=status.tell(device, standing, call.now),
        actions=mailbox.waiting(call.session, device, call.now),
        now=call.now,
    )


@api.get("/devices/<int:device_id>/logs", permission=Permission.FLEET_READ, query=LogQuery, returns=LogPage)
def device_logs(call: Call, device_id: int, query: LogQuery) -> LogPage:
    """List what a device has logged, the newest first."""
    device = rows.fetch(call.session, Device, device_id, "device")
    page = logs.find(
        call.session,
        device,
        logs.Filter(query.since, query.until, query.unit, query.priority, query.q),
        limit=query.limit,
        cursor=query.cursor,
    )
    return LogPage(items=[LogOut.model_validate(line) for line in page.items], next=page.next)


@api.get("/devices/<int:device_id>/actions", permission=Permission.FLEET_READ, query=PageQuery, returns=ActionPage)
def list_actions(call: Call, device_id: int, query: PageQuery) -> ActionPage:
    """List what a device was asked to do, and what came of it, the newest first."""
    device = rows.fetch(call.session, Device, device_id, "device")
    page = paginate(
        call.session,
        sa.select(DeviceAction).where(DeviceAction.device_id == device.id),
        by=(DeviceAction.created_at, DeviceAction.id),
        limit=query.limit,
        cursor=query.cursor,
        descending=True,
    )
    return ActionPage(items=[ActionOut.of(action, call.now) for action in page.items], next=page.next)


@api.post(
    "/devices/<int:device_id>/actions",
    permission=Permission.FLEET_OPERATE,
    body=ActionIn,
    returns=ActionOut,
    status=202,
    errors=(409,),
    idempotent=True,
)
def ask_for_action(call: Call, device_id: int, body: ActionIn) -> ActionOut:
    """Ask a device to do something at its next check-in: once, and not after it has expired.

    Where the tenant asks for four eyes, only `diagnose`: what changes something is a run, which can be approved."""
    device = rows.fetch(call.session, Device, device_id, "device")
    action = mailbox.ask(call.session, call.actor, device, body.kind, body.reason, body.lifetime_seconds, call.now)
    return ActionOut.of(action, call.now)
