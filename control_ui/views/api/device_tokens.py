"""How Pis become known, and what they show at the door."""

from __future__ import annotations

from datetime import timedelta

from flask import request

from control_ui.models import Device
from control_ui.services import rows
from control_ui.services.devices import enrolment, registration, tokens
from control_ui.services.devices.registration_limit import RegistrationLimit
from control_ui.services.errors import ServiceError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import ReasonIn
from control_ui.views.api.schemas.device_tokens import (
    DeviceTokenOut,
    EnrolmentTokenIn,
    EnrolmentTokenOut,
    RegisteredOut,
    RegisterIn,
)
from control_ui.views.device_authentication import NEWCOMER
from control_ui.views.state import app_state

api = Api("device_tokens", "devices")


@api.post(
    "/devices/register",
    guard=NEWCOMER,
    body=RegisterIn,
    returns=RegisteredOut,
    status=201,
    errors=(401, 403, 409, 410, 429),
)
def register(call: Call, body: RegisterIn) -> Reply:
    """Register a Pi with its enrolment token.

    200 where the very same registration (same enrolment token, same hash) was taken before. Too many failures from one
    address are answered with 429."""
    application = registration.Application(
        device_name=body.device_id,
        enrolment_token=body.enrolment_token.get_secret_value(),
        device_token_sha256=body.device_token_sha256,
        ssh_host_keys=body.ssh_host_keys,
        release=body.release,
        hardware=body.hardware,
    )
    try:
        done = registration.register(call.session, call.actor, application, call.now)
    except ServiceError:
        RegistrationLimit(app_state().redis).count(request.remote_addr or "")
        raise
    answer = RegisteredOut(device_id=done.device.name, id=done.device.id, device_token=done.device_token)
    return Reply(answer, status=200 if done.again else 201)


@api.post(
    "/devices/<int:device_id>/enrolment-token",
    permission=Permission.DEVICES_MANAGE,
    body=EnrolmentTokenIn,
    returns=EnrolmentTokenOut,
    status=201,
)
def issue_enrolment_token(call: Call, device_id: int, body: EnrolmentTokenIn) -> EnrolmentTokenOut:
    """Make an enrolment token. Earlier ones of the device that were not used are taken back."""
    device = rows.fetch(call.session, Device, device_id, "device")
    lifetime = timedelta(seconds=body.lifetime_seconds)
    row, token = enrolment.issue(call.session, call.actor, device, lifetime=lifetime, reason=body.reason, now=call.now)
    return EnrolmentTokenOut(enrolment_token=token, expires_at=row.expires_at)


@api.post(
    "/devices/<int:device_id>/token/rotate",
    permission=Permission.DEVICES_MANAGE,
    body=ReasonIn,
    returns=DeviceTokenOut,
    status=201,
    errors=(409,),
)
def rotate_token(call: Call, device_id: int, body: ReasonIn) -> DeviceTokenOut:
    """Make a new device token. The one in use is taken until the new one is first shown.

    Bring it to the Pi as the variable `pi_service_device_token` of the playbook `pi.yml`."""
    device = rows.fetch(call.session, Device, device_id, "device")
    token = tokens.rotate(call.session, call.actor, device, reason=body.reason, now=call.now)
    return DeviceTokenOut(device_token=token)


@api.post("/devices/<int:device_id>/token/revoke", permission=Permission.DEVICES_MANAGE, body=ReasonIn, status=204)
def revoke_token(call: Call, device_id: int, body: ReasonIn) -> None:
    """Shut a device out at once, whatever token it has. It comes back by registering anew."""
    device = rows.fetch(call.session, Device, device_id, "device")
    tokens.revoke(call.session, call.actor, device, reason=body.reason, now=call.now)
