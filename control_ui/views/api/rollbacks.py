"""Taking devices back to a point in their past, whatever brought them where they are."""

from __future__ import annotations

from control_ui.services.deployments import preview, search
from control_ui.services.deployments.to_a_point import roll_back_to
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.deployments import DeploymentOut
from control_ui.views.api.schemas.rollbacks import ForeseenList, ForeseenOut, RollbackIn, RollbackPreviewIn
from control_ui.views.state import app_state
from control_ui.work_queue import ADVANCE_DEPLOYMENTS

api = Api("rollbacks", "deployments")


@api.post(
    "/rollbacks",
    permission=Permission.CONFIG_WRITE,
    body=RollbackIn,
    returns=DeploymentOut,
    status=202,
    errors=(404, 409),
    idempotent=True,
)
def roll_back(call: Call, body: RollbackIn) -> Reply:
    """Take the configuration of devices back; gives the deployment that does it.

    Releases stay as they are: the playbook rollback takes those back."""
    made = roll_back_to(call.session, call.actor, body.target.chosen, body.to.read(), body.reason, call.now)
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    (seen,) = search.overviews(call.session, [made])
    return Reply(DeploymentOut.of(seen), headers={"Location": f"/api/deployments/{made.id}"})


@api.post(
    "/rollbacks/preview",
    permission=Permission.CONFIG_WRITE,
    body=RollbackPreviewIn,
    returns=ForeseenList,
    errors=(404,),
)
def preview_rollback(call: Call, body: RollbackPreviewIn) -> ForeseenList:
    """Show what taking devices back would do, device by device."""
    foreseen = preview.of_target(call.session, body.target.chosen, body.to.read())
    return ForeseenList(items=[ForeseenOut.model_validate(one) for one in foreseen])
