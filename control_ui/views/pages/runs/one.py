"""A run: how far it is, what came of each host, and what can be done about it.

The page is drawn once. While the run goes on, the grid asks for a character a host (`run_cells`), and the words around
it for two small fragments.
"""

from __future__ import annotations

from typing import Any

from flask import Response, json, make_response, render_template, request

from control_ui.models import Run
from control_ui.models.runs import FINAL_RUN_STATES, HostOutcome, HostProgress, RunState
from control_ui.services import grid, rows
from control_ui.services.devices import target_words
from control_ui.services.permissions import Permission
from control_ui.services.runs import approvals, people, progress, rollback_points, watching
from control_ui.views.api.operation import Call
from control_ui.views.pages.frame import may
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.runs import titles
from control_ui.views.state import app_state

STATES = [str(word) for word in (*HostOutcome, *HostProgress) if word != HostProgress.DONE]
RETRIED = (HostOutcome.FAILED, HostOutcome.UNREACHABLE, *HostProgress)
NEAR_END_EVENTS = 300


@page("/runs/<int:run_id>", permission=Permission.FLEET_READ)
def run(call: Call, run_id: int) -> Answer:
    """The whole page."""
    found = rows.fetch(call.session, Run, run_id, "run")
    cells = watching.cells(call.session, run_id)
    wanted = request.args.get("outcome", "")
    words = {"states": STATES, "wanted": wanted if wanted in STATES else ""}
    around = _head(call, found) | _findings(call, found)
    return render_template("runs/run.html", cells=cells, counts=grid.counts(cells), **words, **around)


@page("/runs/<int:run_id>/head", permission=Permission.FLEET_READ)
def run_head(call: Call, run_id: int) -> Answer:
    """Its state, what it waits for, and what can be done; asked for until it has ended."""
    return render_template("runs/_head.html", **_head(call, rows.fetch(call.session, Run, run_id, "run")))


@page("/runs/<int:run_id>/findings", permission=Permission.FLEET_READ)
def run_findings(call: Call, run_id: int) -> Answer:
    """What went wrong, and its slices; asked for until it has ended."""
    return render_template("runs/_findings.html", **_findings(call, rows.fetch(call.session, Run, run_id, "run")))


@page("/runs/<int:run_id>/cells", permission=Permission.FLEET_READ)
def run_cells(call: Call, run_id: int) -> Answer:
    """The grid, a character a host: `{ended, legend, cells}`."""
    found = rows.fetch(call.session, Run, run_id, "run")
    return compact({"ended": found.state in FINAL_RUN_STATES, **grid.told(watching.cells(call.session, run_id))})


def compact(document: dict[str, Any]) -> Response:
    """As JSON that a browser need not be sent again while it stays the same (304)."""
    response = make_response(json.dumps(document, separators=(",", ":")))
    response.mimetype = "application/json"
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response


def _head(call: Call, run: Run) -> dict[str, Any]:
    approval = approvals.found(call.session, run.id)
    ended = run.state in FINAL_RUN_STATES
    playbook = titles.found(run.playbook)
    told = progress.read(call.session, app_state().redis, run)
    return {
        "run": run,
        "ended": ended,
        "title": playbook.title if playbook else run.playbook,
        "target": target_words.words(run.target, target_words.group_names(call.session, [run.target])),
        "approval": approval,
        "decided_by": people.decider(call.session, approval),
        "holders": watching.holders(call.session, run) if run.state == RunState.QUEUED else [],
        "followers": watching.followers(call.session, run.id),
        "told": told,
        "done": _done(told["counts"]),
        **_possible(call, run, told["counts"], ended),
    }


def _possible(call: Call, run: Run, counts: dict[str, int], ended: bool) -> dict[str, Any]:
    """What the buttons offer to whom; the services refuse the rest anyway."""
    operates = may(Permission.FLEET_OPERATE)
    goes_back = run.mutating and ended and may(Permission.CONFIG_WRITE)
    return {
        "may_decide": operates and run.state == RunState.PROPOSED and run.requested_by_id != call.actor.user_id,
        "may_cancel": operates and not ended and run.cancel_requested_at is None,
        "may_repeat": operates and ended and titles.found(run.playbook) is not None,
        "retries": sum(counts.get(str(word), 0) for word in RETRIED) if operates and ended else 0,
        "may_roll_back": goes_back and _has_points(call, run),
    }


def _has_points(call: Call, run: Run) -> bool:
    return bool(rollback_points.search(call.session, run_id=run.id, device_id=None, limit=1, cursor=None).items)


def _findings(call: Call, run: Run) -> dict[str, Any]:
    return {
        "run": run,
        "ended": run.state in FINAL_RUN_STATES,
        "troubles": watching.troubles(call.session, run.id),
        "slices": watching.slices(call.session, run.id),
    }


def _done(counts: dict[str, int]) -> int:
    return sum(counts.get(str(outcome), 0) for outcome in HostOutcome)
