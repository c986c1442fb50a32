"""What devices ran before runs touched them."""

from __future__ import annotations

from control_ui.services.permissions import Permission
from control_ui.services.runs import rollback_points
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.runs import RollbackPointOut, RollbackPointPage, RollbackPointQuery

api = Api("rollback_points", "runs")


@api.get("/rollback-points", permission=Permission.FLEET_READ, query=RollbackPointQuery, returns=RollbackPointPage)
def list_rollback_points(call: Call, query: RollbackPointQuery) -> RollbackPointPage:
    """List what devices ran before runs that changed them, the newest first."""
    page = rollback_points.search(
        call.session, run_id=query.run_id, device_id=query.device_id, limit=query.limit, cursor=query.cursor
    )
    return RollbackPointPage(items=[RollbackPointOut.model_validate(point) for point in page.items], next=page.next)
