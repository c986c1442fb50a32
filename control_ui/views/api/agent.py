"""What a Pi's agent asks."""

from __future__ import annotations

from flask import Response, json, request

from control_ui.services.devices import checkins, handout
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.agent import ActionOffered, CheckinIn, CheckinOut
from control_ui.views.device_authentication import DEVICE, this_device
from control_ui.views.state import app_state
from control_ui.work_queue import ADVANCE_DEPLOYMENTS

api = Api("agent", "agent")


@api.post("/agent/checkin", guard=DEVICE, body=CheckinIn, returns=CheckinOut, errors=(403, 409))
def check_in(call: Call, body: CheckinIn) -> CheckinOut:
    """Report, and hear what is wanted.

    What makes no sense in a report is left out, the rest is kept."""
    answer = checkins.check_in(call.session, this_device(), body.model_dump(), call.now)
    if answer.news:
        app_state().work.wake(ADVANCE_DEPLOYMENTS)
    return CheckinOut(
        desired_version=answer.desired_version,
        config_url=answer.config_url,
        actions=[ActionOffered.of(action) for action in answer.actions],
    )


@api.get("/agent/config", guard=DEVICE, errors=(304, 404), media_types=("application/json",))
def config(call: Call) -> Response:
    """Fetch the configuration that is wanted, whole. 304 where If-None-Match names it already."""
    version = handout.wanted(this_device(), call.now)
    etag = str(version.id)
    if etag in request.if_none_match:
        response = Response(status=304)
    else:
        response = Response(json.dumps(handout.document(call.session, version)), mimetype="application/json")
    response.set_etag(etag)
    return response
