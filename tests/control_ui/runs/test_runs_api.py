"""Runs over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from rq import Queue
from werkzeug.test import TestResponse

from control_ui.models import Run, RunEvent
from control_ui.models.people import Role
from control_ui.models.runs import HostOutcome, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.runs import slices
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.caller import Caller
from tests.control_ui.runs.conftest import Fleet


@pytest.fixture
def viewer(app: Flask, session: ScopedSession, fleet: Fleet) -> Caller:
    person = factories.user(session, fleet.tenant, Role.VIEWER)
    session.commit()
    return Caller(app, person, session)


def body(fleet: Fleet, playbook: str = "look", **values: Any) -> dict[str, Any]:
    return {"playbook": playbook, "target": {"device_ids": fleet.ids()}} | values


def stored(session: ScopedSession, answer: TestResponse) -> Run:
    return session.get_one(Run, answer.get_json()["id"], populate_existing=True)


def test_the_playbooks_and_their_variables_can_be_seen(viewer: Caller) -> None:
    items = viewer.get("/playbooks").get_json()["items"]
    assert [item["name"] for item in items] == ["change", "hang", "look", "restart"]
    one = viewer.get("/playbooks/change").get_json()
    assert (one["mutates"], one["schema"]["properties"]["text"]["type"]) == (True, "string")
    assert viewer.get("/playbooks/unlisted").status_code == 404


def test_a_run_is_taken_and_the_workers_are_woken(
    app: Flask, session: ScopedSession, fleet: Fleet, operator: Caller
) -> None:
    answer = operator.post("/runs", body(fleet, variables={"text": "x"}, reason="because"))
    run = stored(session, answer)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/runs/{run.id}"
    assert (run.state, run.reason, run.variables) == (RunState.QUEUED, "because", {"text": "x"})
    assert run.forks == app.extensions["carwash"].settings.ansible_forks
    queue = Queue("control", connection=app.extensions["carwash"].redis)
    assert [job.func_name for job in queue.get_jobs()] == ["control_ui.jobs.dispatch.dispatch"]


def test_what_is_wrong_with_a_request_is_told_by_path(fleet: Fleet, operator: Caller) -> None:
    answer = operator.post("/runs", body(fleet, variables={"text": 7}))
    assert (answer.status_code, answer.get_json()["faults"][0]["path"]) == (422, "$.variables.text")
    assert operator.post("/runs", body(fleet, playbook="unlisted")).status_code == 404
    assert operator.post("/runs", body(fleet, target={})).status_code == 422


@pytest.mark.parametrize(
    "variables",
    [
        {"text": "a\x00b"},
        {"text": "\ud800"},
        {"text": float("nan")},
        {"text": 2**70},
        {"text": "x" * 40_000},
        {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": {"j": {"k": {"l": {"m": 1}}}}}}}}}}}}},
    ],
)
def test_variables_that_cannot_be_stored_are_refused(fleet: Fleet, operator: Caller, variables: dict[str, Any]) -> None:
    assert operator.post("/runs", body(fleet, variables=variables)).status_code == 422


def test_a_request_that_is_sent_twice_is_one_run(session: ScopedSession, fleet: Fleet, operator: Caller) -> None:
    answers = [operator.post("/runs", body(fleet), **{"Idempotency-Key": "once"}) for _ in range(2)]
    assert answers[0].get_json() == answers[1].get_json()
    assert session.query(Run).count() == 1


def test_a_viewer_starts_ends_and_decides_nothing(session: ScopedSession, fleet: Fleet, viewer: Caller) -> None:
    run = factories.run(session, fleet.devices)
    session.commit()
    decision = {"decision": "approved", "diff_sha256": "0" * 64}
    assert viewer.post("/runs", body(fleet)).status_code == 403
    for path, sent in (("cancel", {}), ("retry", {}), ("approval", decision)):
        assert viewer.post(f"/runs/{run.id}/{path}", sent).status_code == 403
    assert viewer.post(f"/devices/{fleet.devices[0].id}/restart", {}).status_code == 403


def test_runs_are_found_by_what_is_asked_for(session: ScopedSession, fleet: Fleet, operator: Caller) -> None:
    first = factories.run(session, fleet.named("pi-01"), playbook="look", state=RunState.SUCCEEDED)
    second = factories.run(session, fleet.named("pi-02"), playbook="change", requested_at=NOW, requested_by="somebody")
    session.commit()

    def found(**query: Any) -> list[int]:
        return [item["id"] for item in operator.get("/runs", **query).get_json()["items"]]

    assert found() == [second.id, first.id]
    assert found(state=["succeeded", "failed"]) == [first.id]
    assert found(playbook="change") == [second.id]
    assert found(device_id=fleet.ids("pi-01")[0]) == [first.id]
    assert found(requested_by="somebody") == [second.id]
    assert found(since=NOW.isoformat()) == [second.id]
    assert found(until=NOW.isoformat()) == [first.id]
    assert found(deployment_id=1) == found(schedule_id=1) == []
    assert operator.get("/runs", state="unheard of").status_code == 422


def test_runs_come_page_by_page(session: ScopedSession, fleet: Fleet, operator: Caller) -> None:
    expected = [factories.run(session, fleet.devices).id for _ in range(3)][::-1]
    session.commit()
    first = operator.get("/runs", limit=2).get_json()
    rest = operator.get("/runs", limit=2, cursor=first["next"]).get_json()
    assert [item["id"] for item in first["items"] + rest["items"]] == expected
    assert rest["next"] is None


def test_a_run_and_its_hosts_can_be_seen(session: ScopedSession, fleet: Fleet, operator: Caller) -> None:
    run = stored(session, operator.post("/runs", body(fleet, "change")))
    diff = [{"task": "Write the file", "before": "old", "after": "new"}]
    outcomes = {"pi-01": HostOutcome.CHANGED, "pi-02": HostOutcome.FAILED, "pi-03": HostOutcome.OK}
    flow.ended(session, run, outcomes, pi_01=diff)
    shown = operator.get(f"/runs/{run.id}").get_json()
    assert (shown["state"], shown["approval"]) == ("partial", None)
    assert shown["counts"] == {"changed": 1, "failed": 1, "ok": 1, "total": 3}
    hosts = operator.get(f"/runs/{run.id}/hosts", outcome="failed").get_json()["items"]
    assert [host["host"] for host in hosts] == ["pi-02"]
    assert len(operator.get(f"/runs/{run.id}/hosts").get_json()["items"]) == 3
    one = operator.get(f"/runs/{run.id}/hosts/{fleet.ids('pi-01')[0]}").get_json()
    assert (one["outcome"], one["diffs"]) == ("changed", diff)
    assert operator.get(f"/runs/{run.id}/hosts/999").status_code == 404
    points = operator.get("/rollback-points", run_id=run.id, device_id=fleet.ids("pi-01")[0]).get_json()["items"]
    assert [(point["device_id"], point["run_id"]) for point in points] == [(fleet.ids("pi-01")[0], run.id)]


@pytest.fixture
def told(session: ScopedSession, fleet: Fleet) -> Run:
    """A run that is under way and has said three lines, one of them of pi-02."""
    run = factories.run(session, fleet.devices, mutating=False, requested_at=NOW)
    session.commit()
    (part,) = flow.begun(session, run)
    for counter, host in enumerate(["pi-01", "pi-02", "pi-03"], start=1):
        session.add(
            RunEvent(
                tenant_id=run.tenant_id, slice_id=part.slice_id, run_id=run.id, counter=counter, kind="runner_on_ok",
                at=NOW + timedelta(seconds=counter), host=host, stdout=f"ok: [{host}]", result={"msg": host},
            )
        )  # fmt: skip
    session.commit()
    return run


def test_the_output_is_whole_cut_to_its_end_or_of_one_host(told: Run, operator: Caller) -> None:
    path = f"/runs/{told.id}/output"
    whole = operator.get(path)
    assert (whole.mimetype, whole.text) == ("text/plain", "ok: [pi-01]\nok: [pi-02]\nok: [pi-03]\n")
    assert operator.get(path, tail=1).text == "ok: [pi-03]\n"
    assert operator.get(path, host="pi-02").text == "ok: [pi-02]\n"
    download = operator.get(path, download="true")
    assert download.headers["Content-Disposition"] == f"attachment; filename=run-{told.id}.txt"
    assert operator.get(path, tail=0).status_code == 422
    assert operator.get(path, host="a b").status_code == 422


def test_events_are_followed_until_the_run_has_ended(session: ScopedSession, told: Run, operator: Caller) -> None:
    path = f"/runs/{told.id}/events"
    first = operator.get(path, limit=2).get_json()
    second = operator.get(path, limit=2, cursor=first["next"]).get_json()
    assert [event["host"] for event in first["items"] + second["items"]] == ["pi-01", "pi-02", "pi-03"]
    nothing_new = operator.get(path, cursor=second["next"]).get_json()
    assert nothing_new["items"] == []
    assert nothing_new["next"] is not None
    slices.end(session, flow.parts(session, told)[0].id, SliceState.FINISHED, "", NOW)
    session.commit()
    assert operator.get(path, cursor=nothing_new["next"]).get_json() == {"items": [], "next": None}
    assert [event["host"] for event in operator.get(path, host="pi-02").get_json()["items"]] == ["pi-02"]


@pytest.mark.parametrize("cursor", ["x", "W1sxXV0=", "W1sxLC0xXV0=", "bnVsbA==", "ä"])
def test_a_cursor_that_nobody_gave_is_refused(told: Run, operator: Caller, cursor: str) -> None:
    assert operator.get(f"/runs/{told.id}/events", cursor=cursor).status_code == 422


def test_progress_is_told(told: Run, operator: Caller) -> None:
    shown = operator.get(f"/runs/{told.id}/progress").get_json()
    assert shown == {"state": "running", "counts": {"pending": 3, "total": 3}, "tasks": [], "live": False}


def test_a_run_is_canceled_and_retried(session: ScopedSession, fleet: Fleet, operator: Caller) -> None:
    run = stored(session, operator.post("/runs", body(fleet)))
    assert operator.post(f"/runs/{run.id}/retry", {}).status_code == 409
    canceled = operator.post(f"/runs/{run.id}/cancel", {"reason": "wrong one"})
    assert (canceled.status_code, canceled.get_json()["state"]) == (202, "canceled")
    assert operator.post(f"/runs/{run.id}/cancel", {}).status_code == 409
    again = operator.post(f"/runs/{run.id}/retry", {"reason": "right one"})
    assert (again.status_code, again.get_json()["retry_of_id"]) == (202, run.id)


def test_a_proposed_run_is_approved_over_the_api(app: Flask, session: ScopedSession, careful: Fleet) -> None:
    asker, other = (Caller(app, person, session) for person in (careful.operator, careful.admin))
    proposed = asker.post("/runs", body(careful, "change")).get_json()
    shown = asker.get(f"/runs/{proposed['id']}").get_json()
    assert (shown["state"], shown["approval"]["decision"]) == ("proposed", None)
    assert [one["run_id"] for one in other.get("/approvals").get_json()["items"]] == [proposed["id"]]
    path = f"/runs/{proposed['id']}/approval"
    assert other.post(path, {"decision": "approved", "diff_sha256": "0" * 64}).status_code == 409
    check = session.get_one(Run, shown["check_run_id"])
    flow.ended(session, check, dict.fromkeys(("pi-01", "pi-02", "pi-03"), HostOutcome.CHANGED))
    sent = {"decision": "approved", "diff_sha256": other.get(f"/runs/{proposed['id']}").get_json()["diff_sha256"]}
    assert asker.post(path, sent).status_code == 403
    assert other.post(path, sent | {"diff_sha256": "0" * 64}).status_code == 409
    approved = other.post(path, sent)
    assert (approved.status_code, approved.get_json()["decision"]) == (200, "approved")
    assert other.post(path, sent).status_code == 409
    assert asker.get(f"/runs/{proposed['id']}").get_json()["state"] == "queued"
    assert other.get("/approvals").get_json()["items"] == []
    assert len(other.get("/approvals", waiting="false").get_json()["items"]) == 1
