"""What lets a device in: an enrolment token to register with, once, and the device token it shows from then on."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from flask import render_template, url_for
from pydantic import Field

from control_ui.models import Device
from control_ui.services import rows
from control_ui.services.devices import enrolment, tokens
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.base import ReasonIn
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.form import Problems, handle
from control_ui.views.pages.page import Answer, done, page

MANAGE = Permission.DEVICES_MANAGE
MOST_DAYS = enrolment.LONGEST_LIFETIME.days


class EnrolIn(ReasonIn):
    """For how long the Pi may take."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS)]


@page("/administration/devices/<int:device_id>/enrol", methods=("GET", "POST"), permission=MANAGE)
def devices_enrol(call: Call, device_id: int) -> Answer:
    """Make an enrolment token, and show it once."""
    device = rows.fetch(call.session, Device, device_id, "device")

    def form(problems: Problems) -> str:
        return render_template("administration/enrol.html", problems=problems, device=device, most_days=MOST_DAYS)

    def work(body: EnrolIn) -> Answer:
        lifetime = timedelta(days=body.days)
        row, token = enrolment.issue(
            call.session, call.actor, device, lifetime=lifetime, reason=body.reason, now=call.now
        )
        return render_template(
            "administration/device_token.html", device=device, token=token, until=row.expires_at, enrolment=True
        )

    return handle(EnrolIn, form, work, {"days": f"Enter 1 to {MOST_DAYS} days"})


@page("/administration/devices/<int:device_id>/rotate", methods=("GET", "POST"), permission=MANAGE)
def devices_rotate(call: Call, device_id: int) -> Answer:
    """Make a new device token, and show it once."""
    device = rows.fetch(call.session, Device, device_id, "device")
    say = (
        "A new device token is made and shown to you once. The one in use goes on working until the Pi first shows the"
        " new one, so nothing is lost if it never gets there.",
    )
    back = url_for("pages.devices_show", device_id=device.id)

    def work(reason: str) -> Answer:
        token = tokens.rotate(call.session, call.actor, device, reason=reason, now=call.now)
        return render_template(
            "administration/device_token.html", device=device, token=token, until=None, enrolment=False
        )

    return ask(Question(f"Rotate the token of {device.name}", say, "Rotate", back), work)


@page("/administration/devices/<int:device_id>/revoke", methods=("GET", "POST"), permission=MANAGE)
def devices_revoke(call: Call, device_id: int) -> Answer:
    """Shut a device out."""
    device = rows.fetch(call.session, Device, device_id, "device")
    say = (
        f"{device.name} is shut out at once: it can neither check in nor fetch its configuration, and enrolment tokens"
        " that were not used are void. Its pictures go on.",
        "It comes back by registering anew, with a new enrolment token.",
    )
    back = url_for("pages.devices_show", device_id=device.id)

    def work(reason: str) -> Answer:
        tokens.revoke(call.session, call.actor, device, reason=reason, now=call.now)
        return done(f"{device.name} is shut out.", "devices_show", device_id=device.id)

    return ask(Question(f"Revoke the token of {device.name}", say, "Revoke", back, danger=True), work)
