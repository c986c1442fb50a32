"""Diagnoses: asked for by buttons, read as they come."""

from __future__ import annotations

import sqlalchemy as sa

from control_ui.models import DeviceAction, HostResult, Run, RunEvent, RunSlice, Tenant
from control_ui.models.runs import HostOutcome, HostProgress, RunState, SliceState
from tests.control_ui import factories
from tests.control_ui.pages.site.conftest import Desk
from tests.control_ui.pages.site.test_overview import words

REPORT = "Report on pi-east\n\n== System ==\nup 41 days\n\n== Camera ==\nrtsp://viewer:***@192.0.2.7/\n"


def diagnosed(desk: Desk, state: RunState = RunState.SUCCEEDED, report: str = REPORT) -> Run:
    run = factories.run(desk.session, [desk.device], playbook="diagnose", mutating=False, state=state)
    over = state == RunState.SUCCEEDED
    part = RunSlice(tenant_id=run.tenant_id, run_id=run.id, number=1, state=SliceState.FINISHED)
    desk.session.add(part)
    desk.session.flush()
    host = desk.session.scalars(sa.select(HostResult).where(HostResult.run_id == run.id)).one()
    host.slice_id, host.progress = part.id, HostProgress.DONE if over else HostProgress.IN_FLIGHT
    host.outcome = HostOutcome.OK if over else None
    tasks = [("Collect", {}), ("Return the report", {"msg": report})] if over else [("Collect", {})]
    desk.session.add_all(
        RunEvent(
            tenant_id=run.tenant_id, run_id=run.id, slice_id=part.id, counter=number, at=run.requested_at,
            kind="runner_on_ok", host="pi-east", task=task, outcome="ok", stdout=f"ok: [pi-east] {task}", result=result,
        )
        for number, (task, result) in enumerate(tasks, start=1)
    )  # fmt: skip
    desk.session.flush()
    return run


def test_a_button_starts_a_run_and_leads_to_its_output(desk: Desk) -> None:
    answer = desk.post("/diagnostics", lines="200")
    run = desk.session.scalars(sa.select(Run)).one()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{desk.base}/diagnostics?run={run.id}")
    assert (run.playbook, run.variables, run.mutating) == ("diagnose", {"diagnose_journal_lines": 200}, False)
    shown = desk.get(f"/diagnostics?run={run.id}").text
    assert "It waits for a worker." in shown
    assert 'hx-trigger="every 1s"' in shown


def test_only_what_the_schema_allows_is_run(desk: Desk) -> None:
    assert desk.post("/diagnostics", lines="5000").status_code == 422
    assert desk.session.scalars(sa.select(Run)).all() == []


def test_the_pi_itself_can_be_asked(desk: Desk) -> None:
    assert desk.post("/diagnostics", via="agent").status_code == 303
    action = desk.session.scalars(sa.select(DeviceAction)).one()
    assert action.kind == "diagnose"
    action.result, action.detail = "ok", {"disk": "<b>34 %</b>"}
    shown = desk.get("/diagnostics").text
    assert "\\u003cb\\u003e34 %" in shown or "&lt;b&gt;34 %" in shown
    assert "<b>34" not in shown


def test_the_report_is_shown_in_its_sections(desk: Desk) -> None:
    run = diagnosed(desk, report=REPORT + "<script>")
    shown = desk.get("/diagnostics").text
    assert "<h3>System</h3>" in shown
    assert "<h3>Camera</h3>" in shown
    assert "rtsp://viewer:***@192.0.2.7/" in shown
    assert "&lt;script&gt;" in shown
    assert "ok: [pi-east] Collect" in shown
    assert f'href="/runs/{run.id}"' in shown


def test_what_is_over_is_not_asked_for_again(desk: Desk) -> None:
    done, under_way = diagnosed(desk), diagnosed(desk, RunState.RUNNING)
    assert "hx-trigger" not in desk.get(f"/diagnostics/{done.id}").text
    part = desk.get(f"/diagnostics/{under_way.id}").text
    assert 'hx-trigger="every 1s"' in part
    assert "ok: [pi-east] Collect" in part, "what Ansible has said so far"


def test_a_failure_says_why(desk: Desk) -> None:
    run = diagnosed(desk)
    host = desk.session.scalars(sa.select(HostResult).where(HostResult.run_id == run.id)).one()
    host.outcome, host.message = HostOutcome.UNREACHABLE, "ssh: no route to host"
    assert "ssh: no route to host" in words(desk.get("/diagnostics").text)


def test_other_runs_are_no_diagnoses(desk: Desk) -> None:
    restart = factories.run(desk.session, [desk.device], playbook="restart")
    assert desk.get(f"/diagnostics/{restart.id}").status_code == 404
    assert "Nobody has diagnosed this site yet" in desk.get("/diagnostics").text
    other = factories.device(desk.session, desk.session.get_one(Tenant, desk.device.tenant_id))
    run = factories.run(desk.session, [other], playbook="diagnose")
    assert desk.get(f"/diagnostics?run={run.id}").status_code == 404
    assert desk.get("/diagnostics?run=nonsense").status_code == 200
