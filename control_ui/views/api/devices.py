"""Devices: finding them, and what people say of them."""

from __future__ import annotations

from control_ui.models import Device
from control_ui.services import rows
from control_ui.services.devices import bulk, records, search, targets
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import ReasonIn
from control_ui.views.api.schemas.devices import (
    BulkIn,
    BulkOut,
    DeviceChangeIn,
    DeviceIn,
    DeviceOut,
    DevicePage,
    DeviceQuery,
    DeviceSummary,
)

api = Api("devices", "devices")


@api.get("/devices", permission=Permission.FLEET_READ, query=DeviceQuery, returns=DevicePage)
def list_devices(call: Call, query: DeviceQuery) -> DevicePage:
    """List devices by name."""
    wanted = search.Filter(text=query.q, **query.model_dump(exclude={"q", "limit", "cursor"}))
    page = search.find(call.session, wanted, limit=query.limit, cursor=query.cursor)
    return DevicePage(items=[DeviceSummary.of(device) for device in page.items], next=page.next)


@api.post("/devices", permission=Permission.DEVICES_MANAGE, body=DeviceIn, returns=DeviceOut, status=201, errors=(409,))
def create_device(call: Call, body: DeviceIn) -> Reply:
    """Make the record of a device, which then registers with an enrolment token."""
    return _reply(records.create(call.session, call.actor, body.values(), reason=body.reason, now=call.now))


@api.get("/devices/<int:device_id>", permission=Permission.FLEET_READ, returns=DeviceOut)
def get_device(call: Call, device_id: int) -> Reply:
    """Show one device. The ETag is what a writer must show."""
    return _reply(rows.fetch(call.session, Device, device_id, "device"))


@api.put(
    "/devices/<int:device_id>",
    permission=Permission.DEVICES_MANAGE,
    body=DeviceChangeIn,
    returns=DeviceOut,
    conditional=True,
    errors=(409,),
)
def change_device(call: Call, device_id: int, body: DeviceChangeIn) -> Reply:
    """Change what is given. Lists and labels are replaced as a whole.

    A new camera password reaches the Pi with the next configuration that is made for it."""
    device = rows.fetch(call.session, Device, device_id, "device")
    rows.check_row_version(device, call.if_match or 0, "device")
    return _reply(records.change(call.session, call.actor, device, body.values(), reason=body.reason, now=call.now))


@api.delete(
    "/devices/<int:device_id>",
    permission=Permission.DEVICES_MANAGE,
    query=ReasonIn,
    status=204,
    errors=(409,),
)
def delete_device(call: Call, device_id: int, query: ReasonIn) -> None:
    """Delete a device that has no history. One that has (409) is shut out by revoking its token instead."""
    device = rows.fetch(call.session, Device, device_id, "device")
    records.remove(call.session, call.actor, device, reason=query.reason, now=call.now)


@api.post(
    "/devices/bulk-update", permission=Permission.FLEET_OPERATE, body=BulkIn, returns=BulkOut, errors=(404, 409, 412)
)
def bulk_update(call: Call, body: BulkIn) -> BulkOut:
    """Change labels, ring, environment, hardware or hold of many devices: of all of them, or of none.

    To hold and release devices is for operators; the rest needs the permission `devices:manage`."""
    devices = targets.resolve(call.session, body.target.chosen)
    wanted = bulk.BulkChange(
        add_labels=body.add_labels or {},
        remove_labels=body.remove_labels,
        ring=body.ring,
        environment=body.environment,
        hardware=body.hardware,
        held_reason=body.held_reason,
    )
    done = bulk.update(call.session, call.actor, devices, wanted, reason=body.reason, now=call.now)
    return BulkOut(
        changed_count=len(done.changed),
        unchanged_count=len(done.unchanged),
        changed=done.changed,
        unchanged=done.unchanged,
    )


def _reply(device: Device) -> Reply:
    return Reply(DeviceOut.of(device), etag=device.row_version)
