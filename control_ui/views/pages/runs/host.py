"""One host of a run: its tasks and how long each took, what changed there, and what was printed."""

from __future__ import annotations

from flask import render_template

from control_ui.models import Run
from control_ui.services import rows
from control_ui.services.permissions import Permission
from control_ui.services.runs import effects, host_tasks, results
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.runs import titles


@page("/runs/<int:run_id>/hosts/<int:device_id>", permission=Permission.FLEET_READ)
def run_host(call: Call, run_id: int, device_id: int) -> Answer:
    """Everything about it."""
    run = rows.fetch(call.session, Run, run_id, "run")
    result = results.of_device(call.session, run_id, device_id)
    tasks = host_tasks.of_host(call.session, run, result.host)
    playbook = titles.found(run.playbook)
    return render_template(
        "runs/host.html",
        run=run,
        title=playbook.title if playbook else run.playbook,
        result=result,
        state=result.outcome or result.progress,
        tasks=tasks,
        longest=max((task.duration_seconds or 0 for task in tasks), default=0),
        effects=effects.of_diffs(result.diffs, device_id, result.host),
    )


@page("/runs/<int:run_id>/changes", permission=Permission.FLEET_READ)
def run_changes(call: Call, run_id: int) -> Answer:
    """What changed on all of its hosts, or would change: the same difference once, with the hosts that have it."""
    run = rows.fetch(call.session, Run, run_id, "run")
    playbook = titles.found(run.playbook)
    return render_template(
        "runs/changes.html",
        run=run,
        title=playbook.title if playbook else run.playbook,
        effects=effects.of_run(call.session, run_id),
    )
