"""Taking the hosts of a run back to the configurations that they ran when it began."""

from __future__ import annotations

from flask import render_template

from control_ui.models import Run
from control_ui.services import rows
from control_ui.services.deployments import preview, same_changes
from control_ui.services.deployments.to_a_point import Point, roll_back_to
from control_ui.services.errors import ServiceError
from control_ui.services.permissions import Permission
from control_ui.services.runs import watching
from control_ui.views.api.operation import Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.pages.runs.actions import reason
from control_ui.views.state import app_state
from control_ui.work_queue import ADVANCE_DEPLOYMENTS


@page("/runs/<int:run_id>/rollback", permission=Permission.CONFIG_WRITE)
def run_rollback(call: Call, run_id: int) -> Answer:
    """What it would do, device by device, before anybody asks for it."""
    return _form(call, rows.fetch(call.session, Run, run_id, "run"), Problems())


@page("/runs/<int:run_id>/rollback", methods=("POST",), permission=Permission.CONFIG_WRITE)
def run_rollback_now(call: Call, run_id: int) -> Answer:
    run = rows.fetch(call.session, Run, run_id, "run")
    target, point = _target(call, run), Point(run_id=run.id)
    try:
        made = roll_back_to(call.session, call.actor, target, point, reason(), call.now)
    except ServiceError as error:
        return _form(call, run, Problems.of(error)), error.status
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    message = f"Rollback {made.id} takes back what run {run.id} changed."
    return done(message, "deployment", deployment_id=made.id)


def _target(call: Call, run: Run) -> dict[str, list[int]]:
    return {"device_ids": [cell.device_id for cell in watching.cells(call.session, run.id)]}


def _form(call: Call, run: Run, problems: Problems) -> str:
    foreseen = preview.of_target(call.session, _target(call, run), Point(run_id=run.id))
    return render_template(
        "runs/rollback.html",
        what=f"run {run.id}",
        why=f"Each site gets the configuration that it ran when run {run.id} began. Releases stay as they are: the"
        " playbook “Roll back” takes those back.",
        groups=same_changes.of_foreseen(foreseen),
        action_name="pages.run_rollback_now",
        back_name="pages.run",
        ids={"run_id": run.id},
        reason=reason(),
        problems=problems,
    )
