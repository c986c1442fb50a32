"""Restarting a device's camera service."""

from __future__ import annotations

from control_ui.models import Device
from control_ui.services import rows
from control_ui.services.devices import mailbox
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.permissions import Permission
from control_ui.services.runs import requests
from control_ui.services.runs.requests import RunRequest
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.runs import RestartIn, RestartOut
from control_ui.views.state import app_state
from control_ui.work_queue import DISPATCH

api = Api("restart", "devices")


@api.post(
    "/devices/<int:device_id>/restart",
    permission=Permission.FLEET_OPERATE,
    body=RestartIn,
    returns=RestartOut,
    status=202,
    errors=(409,),
    idempotent=True,
)
def restart(call: Call, device_id: int, body: RestartIn) -> RestartOut:
    """Restart the camera service of a device.

    By a run of the playbook `restart` over SSH, or by the Pi itself at its next check-in, which also reaches a Pi that
    can not be reached from outside. Where the tenant asks for four eyes, only by a run, which is proposed first."""
    device = rows.fetch(call.session, Device, device_id, "device")
    if body.via == "agent":
        if body.units:
            raise InvalidError("the Pi's agent restarts all units", [Fault("$.units", "must be empty with via agent")])
        action = mailbox.ask(
            call.session,
            call.actor,
            device,
            "restart_units",
            body.reason,
            mailbox.DEFAULT_LIFETIME_SECONDS,
            call.now,
        )
        return RestartOut(run_id=None, action_id=action.id)
    variables = {"restart_units": list(dict.fromkeys(body.units))} if body.units else {}
    wanted = RunRequest("restart", {"device_ids": [device.id]}, variables, reason=body.reason)
    run = requests.request(call.session, call.actor, wanted, call.now)
    app_state().work.wake(DISPATCH)
    return RestartOut(run_id=run.id, action_id=None)
