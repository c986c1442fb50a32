"""Four eyes: what waits for a second person, and what they decided."""

from __future__ import annotations

from control_ui.services.permissions import Permission
from control_ui.services.runs import approvals
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.runs import ApprovalOut, ApprovalPage, ApprovalQuery, DecisionIn
from control_ui.views.state import app_state
from control_ui.work_queue import DISPATCH

api = Api("approvals", "approvals")


@api.get("/approvals", permission=Permission.FLEET_READ, query=ApprovalQuery, returns=ApprovalPage)
def list_approvals(call: Call, query: ApprovalQuery) -> ApprovalPage:
    """List the approvals of runs and deployments, the newest first."""
    page = approvals.search(call.session, call.now if query.waiting else None, limit=query.limit, cursor=query.cursor)
    return ApprovalPage(items=[ApprovalOut.model_validate(approval) for approval in page.items], next=page.next)


@api.post(
    "/runs/<int:run_id>/approval",
    permission=Permission.FLEET_OPERATE,
    body=DecisionIn,
    returns=ApprovalOut,
    errors=(409,),
)
def decide(call: Call, run_id: int, body: DecisionIn) -> ApprovalOut:
    """Approve or reject a proposed run, by the hash of the diff you have seen.

    Not for the person who asked for it. An approved run is done only if nothing that its diff depends on has changed
    by the time it begins."""
    approval = approvals.decide(
        call.session, call.actor, run_id, body.decision, body.diff_sha256, body.comment, call.now
    )
    app_state().work.wake(DISPATCH)
    return ApprovalOut.model_validate(approval)
