"""What a person does with a run that is there: end it, do it again where it went wrong, decide on it."""

from __future__ import annotations

from flask import render_template, request

from control_ui.models import Run
from control_ui.models.runs import Decision, HostOutcome, HostProgress
from control_ui.services import rows
from control_ui.services.errors import ConflictError, ServiceError
from control_ui.services.permissions import Permission
from control_ui.services.runs import approvals, effects, results, retries, watching
from control_ui.services.runs import cancel as canceling
from control_ui.views.api.operation import Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.pages.runs import titles
from control_ui.views.pages.runs.one import RETRIED
from control_ui.views.state import app_state
from control_ui.work_queue import DISPATCH

LONGEST_REASON = 2000


@page("/runs/<int:run_id>/cancel", permission=Permission.FLEET_OPERATE)
def run_cancel(call: Call, run_id: int) -> Answer:
    """Asks first, and says on how many hosts something is under way."""
    return _cancel_form(call, _run(call, run_id), Problems())


@page("/runs/<int:run_id>/cancel", methods=("POST",), permission=Permission.FLEET_OPERATE)
def run_cancel_now(call: Call, run_id: int) -> Answer:
    run = _run(call, run_id)
    try:
        run = canceling.cancel(call.session, call.actor, run, reason(), call.now)
    except ConflictError as error:
        return _cancel_form(call, run, Problems.of(error)), error.status
    over = run.finished_at is not None
    return done(f"Run {run.id} is {'canceled' if over else 'being canceled'}.", "run", run_id=run.id)


@page("/runs/<int:run_id>/retry", permission=Permission.FLEET_OPERATE)
def run_retry(call: Call, run_id: int) -> Answer:
    """Asks first, and says on which hosts."""
    return _retry_form(call, _run(call, run_id), Problems())


@page("/runs/<int:run_id>/retry", methods=("POST",), permission=Permission.FLEET_OPERATE)
def run_retry_now(call: Call, run_id: int) -> Answer:
    run = _run(call, run_id)
    try:
        again = retries.retry(call.session, call.actor, run, reason(), call.now)
    except ServiceError as error:
        return _retry_form(call, run, Problems.of(error)), error.status
    app_state().work.wake(DISPATCH)
    return done(f"Run {again.id} does it again where run {run.id} went wrong.", "run", run_id=again.id)


@page("/runs/<int:run_id>/decide", permission=Permission.FLEET_OPERATE)
def run_decide(call: Call, run_id: int) -> Answer:
    """What would change, and the two buttons."""
    return _decide_form(call, _run(call, run_id), Problems())


@page("/runs/<int:run_id>/decide", methods=("POST",), permission=Permission.FLEET_OPERATE)
def run_decide_now(call: Call, run_id: int) -> Answer:
    """Bound to the difference that was on the page."""
    decision = Decision.APPROVED if request.form.get("decision") == "approve" else Decision.REJECTED
    seen = request.form.get("diff_sha256", "")
    try:
        approvals.decide(call.session, call.actor, run_id, decision, seen, reason("comment"), call.now)
    except ServiceError as error:
        return _decide_form(call, _run(call, run_id), Problems.of(error)), error.status
    app_state().work.wake(DISPATCH)
    return done(f"Run {run_id} is {decision}.", "run", run_id=run_id)


def reason(name: str = "reason") -> str:
    """As it was entered."""
    return request.form.get(name, "").replace("\x00", "").strip()[:LONGEST_REASON]


def _run(call: Call, run_id: int) -> Run:
    return rows.fetch(call.session, Run, run_id, "run")


def _title(run: Run) -> str:
    playbook = titles.found(run.playbook)
    return playbook.title if playbook else run.playbook


def _cancel_form(call: Call, run: Run, problems: Problems) -> str:
    counts = results.tally(call.session, run.id)
    return render_template(
        "runs/cancel.html",
        run=run,
        title=_title(run),
        under_way=counts.get(HostProgress.IN_FLIGHT, 0),
        pending=counts.get(HostProgress.PENDING, 0),
        reason=reason(),
        problems=problems,
    )


def _retry_form(call: Call, run: Run, problems: Problems) -> str:
    counts = results.tally(call.session, run.id)
    again = {str(word): counts[word] for word in RETRIED if counts.get(word)}
    return render_template(
        "runs/retry.html", run=run, title=_title(run), again=again, reason=reason() or run.reason, problems=problems
    )


def _decide_form(call: Call, run: Run, problems: Problems) -> str:
    check_id = approvals.check_run_id(call.session, run.id)
    counts = results.tally(call.session, check_id) if check_id is not None else {}
    return render_template(
        "runs/decide.html",
        run=run,
        title=_title(run),
        approval=approvals.found(call.session, run.id),
        check_id=check_id,
        counts={state: number for state, number in counts.items() if state != "total"},
        changing=counts.get(HostOutcome.CHANGED, 0),
        effects=effects.of_run(call.session, check_id) if check_id is not None else [],
        troubles=watching.troubles(call.session, run.id),
        comment=reason("comment"),
        own=run.requested_by_id == call.actor.user_id,
        problems=problems,
    )
