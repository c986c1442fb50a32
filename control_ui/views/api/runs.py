"""Runs: asking for them, watching them, ending them, and doing them again."""

from __future__ import annotations

from control_ui.models import Run
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.permissions import Permission
from control_ui.services.runs import approvals, progress, requests, results, retries, search
from control_ui.services.runs import cancel as canceling
from control_ui.services.runs.requests import RunRequest
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import ReasonIn
from control_ui.views.api.schemas.runs import (
    ApprovalOut,
    HostDetailOut,
    HostOut,
    HostPage,
    HostQuery,
    ProgressOut,
    RunDetailOut,
    RunIn,
    RunOut,
    RunPage,
    RunQuery,
)
from control_ui.views.state import app_state
from control_ui.work_queue import DISPATCH

api = Api("runs", "runs")


@api.get("/runs", permission=Permission.FLEET_READ, query=RunQuery, returns=RunPage)
def list_runs(call: Call, query: RunQuery) -> RunPage:
    """List runs, the newest first."""
    filters = search.Filters(**query.model_dump(exclude={"limit", "cursor"}))
    page = search.search(call.session, filters, limit=query.limit, cursor=query.cursor)
    return RunPage(items=[RunOut.model_validate(run) for run in page.items], next=page.next)


@api.post("/runs", permission=Permission.FLEET_OPERATE, body=RunIn, returns=RunOut, status=202, idempotent=True)
def request_run(call: Call, body: RunIn) -> Reply:
    """Run a playbook on some devices.

    It is queued, and waits for its turn where another run holds one of the devices. Where the tenant asks for four
    eyes, a run that changes something is proposed first: a check-mode run shows what it would change, and another
    person approves that."""
    wanted = RunRequest(
        playbook=body.playbook,
        target=body.target.chosen,
        variables=body.variables,
        check_mode=body.check_mode,
        reason=body.reason,
        not_before=body.not_before,
        forks=body.forks or app_state().settings.ansible_forks,
    )
    run = requests.request(call.session, call.actor, wanted, call.now)
    app_state().work.wake(DISPATCH)
    return _queued(run)


@api.get("/runs/<int:run_id>", permission=Permission.FLEET_READ, returns=RunDetailOut)
def show_run(call: Call, run_id: int) -> RunDetailOut:
    """Show one run."""
    run = rows.fetch(call.session, Run, run_id, "run")
    approval = approvals.found(call.session, run_id)
    shown = RunDetailOut.model_validate(run)
    shown.approval = None if approval is None else ApprovalOut.model_validate(approval)
    shown.check_run_id = approvals.check_run_id(call.session, run_id)
    return shown


@api.get("/runs/<int:run_id>/hosts", permission=Permission.FLEET_READ, query=HostQuery, returns=HostPage)
def list_hosts(call: Call, run_id: int, query: HostQuery) -> HostPage:
    """List the hosts of a run and what came of each."""
    run = rows.fetch(call.session, Run, run_id, "run")
    page = results.page(call.session, run.id, query.outcome, query.limit, query.cursor)
    return HostPage(items=[HostOut.model_validate(host) for host in page.items], next=page.next)


@api.get("/runs/<int:run_id>/hosts/<int:device_id>", permission=Permission.FLEET_READ, returns=HostDetailOut)
def show_host(call: Call, run_id: int, device_id: int) -> HostDetailOut:
    """Show what came of one host, with what changed or would change on it."""
    run = rows.fetch(call.session, Run, run_id, "run")
    return HostDetailOut.model_validate(results.of_device(call.session, run.id, device_id))


@api.get("/runs/<int:run_id>/progress", permission=Permission.FLEET_READ, returns=ProgressOut)
def show_progress(call: Call, run_id: int) -> ProgressOut:
    """Show how far a run is."""
    run = rows.fetch(call.session, Run, run_id, "run")
    return ProgressOut(state=run.state, **progress.read(call.session, app_state().redis, run))


@api.post(
    "/runs/<int:run_id>/cancel",
    permission=Permission.FLEET_OPERATE,
    body=ReasonIn,
    returns=RunOut,
    status=202,
    errors=(409,),
)
def cancel(call: Call, run_id: int, body: ReasonIn) -> Reply:
    """End a run before its time.

    Ansible is ended within seconds. Hosts on which something was under way are reported as interrupted."""
    run = canceling.cancel(call.session, call.actor, _run(call.session, run_id), body.reason, call.now)
    return _queued(run)


@api.post(
    "/runs/<int:run_id>/retry",
    permission=Permission.FLEET_OPERATE,
    body=ReasonIn,
    returns=RunOut,
    status=202,
    errors=(409,),
    idempotent=True,
)
def retry(call: Call, run_id: int, body: ReasonIn) -> Reply:
    """Run it again on the hosts that failed, could not be reached, or were not worked on to the end."""
    run = retries.retry(call.session, call.actor, _run(call.session, run_id), body.reason, call.now)
    app_state().work.wake(DISPATCH)
    return _queued(run)


def _run(session: ScopedSession, run_id: int) -> Run:
    return rows.fetch(session, Run, run_id, "run")


def _queued(run: Run) -> Reply:
    return Reply(RunOut.model_validate(run), headers={"Location": f"/api/runs/{run.id}"})
