"""Devices: their records, as people keep them. What a device says of itself is on its site's page."""

from __future__ import annotations

from flask import render_template, request, url_for

from control_ui.models import Device
from control_ui.models.devices import DeviceStatus
from control_ui.services import rows
from control_ui.services.devices import bulk, enrolment, groups, records, search, sites
from control_ui.services.permissions import Permission
from control_ui.services.redaction import redact_text
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.devices import DeviceChangeIn, DeviceIn
from control_ui.views.pages.administration.device_form import ADVICE, CHOICES, given, keys_as_text, labels_as_text
from control_ui.views.pages.administration.tabs import PER_PAGE, cursor, require_tenant, row_id, show, text
from control_ui.views.pages.administration.tenants import row_version
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.form import Problems, handle
from control_ui.views.pages.page import Answer, done, page

MANAGE = Permission.DEVICES_MANAGE


@page("/administration/devices", permission=Permission.FLEET_READ)
def devices_list(call: Call) -> Answer:
    """Every device's record."""
    args = request.args
    status = args.get("status", "")
    wanted = search.Filter(
        text=text("q") or None,
        status=DeviceStatus(status) if status in set(DeviceStatus) else None,
        group_id=args.get("group_id", type=row_id),
        site_id=args.get("site_id", type=row_id),
    )
    found = search.find(call.session, wanted, limit=PER_PAGE, cursor=cursor())
    return show(
        "devices",
        "devices_list",
        found=found,
        statuses=list(DeviceStatus),
        groups=groups.choices(call.session),
    )


@page("/administration/devices/<int:device_id>", permission=Permission.FLEET_READ)
def devices_show(call: Call, device_id: int) -> Answer:
    """One record."""
    device = rows.fetch(call.session, Device, device_id, "device")
    return show(
        "device",
        "devices_list",
        device=device,
        camera_path=redact_text(device.camera_path),
        groups=groups.of_device(call.session, device),
        enrolment=enrolment.usable(call.session, device, call.now),
    )


@page("/administration/devices/new", methods=("GET", "POST"), permission=MANAGE)
def devices_new(call: Call) -> Answer:
    """Add the record of a device, which then registers with an enrolment token."""
    require_tenant(call)

    def work(body: DeviceIn) -> Answer:
        device = records.create(call.session, call.actor, body.values(), reason=body.reason, now=call.now)
        message = f"{device.name} is added. Next: make an enrolment token, with which it registers."
        return done(message, "devices_show", device_id=device.id)

    return handle(DeviceIn, lambda problems: _form(call, problems, None), work, ADVICE, lambda: given(DeviceIn))


@page("/administration/devices/<int:device_id>/edit", methods=("GET", "POST"), permission=MANAGE)
def devices_edit(call: Call, device_id: int) -> Answer:
    """Change what people say of a device."""
    device = rows.fetch(call.session, Device, device_id, "device")

    def work(body: DeviceChangeIn) -> Answer:
        rows.check_row_version(device, row_version(), "device")
        records.change(call.session, call.actor, device, body.values(), reason=body.reason, now=call.now)
        return done(f"{device.name} is changed.", "devices_show", device_id=device.id)

    def form(problems: Problems) -> str:
        return _form(call, problems, device)

    return handle(DeviceChangeIn, form, work, ADVICE, lambda: given(DeviceChangeIn))


@page("/administration/devices/<int:device_id>/hold", methods=("GET", "POST"), permission=Permission.FLEET_OPERATE)
def devices_hold(call: Call, device_id: int) -> Answer:
    """Keep runs from changing a device, or let them again."""
    device = rows.fetch(call.session, Device, device_id, "device")
    say: tuple[str, ...]
    if device.held_reason:
        say = (f"It is held: {device.held_reason}.", "Once released, runs and deployments change it again.")
        title, label, message = f"Release {device.name}", "Release", f"{device.name} is released."
    else:
        say = ("No run or deployment changes it until it is released. It goes on checking in, and is still watched.",)
        title, label, message = f"Hold {device.name}", "Hold", f"{device.name} is held."

    def work(reason: str) -> Answer:
        held = "" if device.held_reason else reason or f"held by {call.actor.name}"
        bulk.update(call.session, call.actor, [device], bulk.BulkChange(held_reason=held), reason=reason, now=call.now)
        return done(message, "devices_show", device_id=device.id)

    return ask(Question(title, say, label, url_for("pages.devices_show", device_id=device.id)), work)


@page("/administration/devices/<int:device_id>/remove", methods=("GET", "POST"), permission=MANAGE)
def devices_remove(call: Call, device_id: int) -> Answer:
    """Delete the record of a device without a past."""
    device = rows.fetch(call.session, Device, device_id, "device")
    say = (
        "Only a device without a past can be removed. One that took part in runs, was configured or had alerts stays:"
        " revoke its token and hold it instead.",
    )
    back = url_for("pages.devices_show", device_id=device.id)

    def work(reason: str) -> Answer:
        records.remove(call.session, call.actor, device, reason=reason, now=call.now)
        return done(f"{device.name} is removed.", "devices_list")

    return ask(Question(f"Remove {device.name}", say, "Remove", back, danger=True), work)


def _form(call: Call, problems: Problems, device: Device | None) -> str:
    return render_template(
        "administration/device_form.html",
        problems=problems,
        device=device,
        sites=sites.choices(call.session),
        labels=labels_as_text(device),
        keys=keys_as_text(device),
        camera_path="/" if device is None else redact_text(device.camera_path),
        **CHOICES,
    )
