"""What can be done with a run from its page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from control_ui.models import Deployment, Device, RollbackPoint, Run, Tenant
from control_ui.models.people import Role
from control_ui.models.runs import HostOutcome, HostProgress, RunState
from control_ui.services.runs import approvals, results
from control_ui.services.runs.requests import RunRequest, request
from tests.control_ui import factories
from tests.control_ui.pages.runs.conftest import At, Sites
from tests.control_ui.people.cast import trail

NOW = datetime.now(UTC)


def test_canceling_asks_first_and_says_on_how_many_hosts(at: At, sites: Sites) -> None:
    run_id = sites.run(state=RunState.QUEUED)
    operator = at(Role.OPERATOR)
    assert "3 sites are not begun" in operator.see(f"/runs/{run_id}/cancel")
    answer = operator.send(f"/runs/{run_id}/cancel", {"reason": "wrong sites"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/runs/{run_id}")
    (entry,) = trail(sites.sessions, "run.cancel")
    assert entry.reason == "wrong sites"
    again = operator.send(f"/runs/{run_id}/cancel", {"reason": "wrong sites"})
    assert again.status_code == 409
    assert "This run has ended already" in again.text
    assert 'value="wrong sites"' in again.text


def test_in_a_dialog_only_the_question_is_sent_and_the_whole_page_goes_on(at: At, sites: Sites) -> None:
    run_id = sites.run(state=RunState.QUEUED)
    operator = at(Role.OPERATOR)
    dialog = {"HX-Request": "true", "HX-Target": "dialog-content"}
    question = operator.client.get(f"/runs/{run_id}/cancel", headers=dialog).text
    assert "<html" not in question
    token = question.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = operator.client.post(f"/runs/{run_id}/cancel", data={"csrf_token": token}, headers=dialog)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/runs/{run_id}")


def test_only_what_went_wrong_is_retried(at: At, sites: Sites) -> None:
    run_id = sites.run(state=RunState.PARTIAL, reason="a new router")
    with sites.session() as session:
        outcomes = {"pi-01": HostOutcome.OK, "pi-02": HostOutcome.FAILED, "pi-03": HostOutcome.UNREACHABLE}
        for name, outcome in outcomes.items():
            host = results.of_device(session, run_id, sites.ids[name])
            host.outcome, host.progress = outcome, HostProgress.DONE
    operator = at(Role.OPERATOR)
    assert "Retry 2 sites" in operator.see(f"/runs/{run_id}")
    question = operator.see(f"/runs/{run_id}/retry")
    assert "1 failed, 1 unreachable" in question
    assert 'value="a new router"' in question
    answer = operator.send(f"/runs/{run_id}/retry", {"reason": "once more"})
    again = sites.find_run(int(answer.headers["Location"].rpartition("/")[2]))
    assert again.retry_of_id == run_id
    assert set(again.target["device_ids"]) == {sites.ids["pi-02"], sites.ids["pi-03"]}
    assert f"run {again.id}</a>" in operator.see(f"/runs/{run_id}")


def test_a_run_that_is_not_over_is_not_retried(at: At, sites: Sites) -> None:
    run_id = sites.run(state=RunState.RUNNING)
    answer = at(Role.OPERATOR).send(f"/runs/{run_id}/retry")
    assert (answer.status_code, "It can be retried when it has ended" in answer.text) == (409, False)
    assert "it can be retried when it has ended" in answer.text


@pytest.fixture
def proposed(sites: Sites) -> int:
    """A run of the operator's that waits for a second person, with a check that showed what would change."""
    with sites.session() as session:
        session.get_one(Tenant, sites.cast.tenant.id).requires_approval = True
        session.flush()
        actor = factories.actor(sites.cast[Role.OPERATOR])
        wanted = RunRequest("restart", {"device_ids": [sites.ids["pi-01"]]}, reason="a new router")
        run = request(session, actor, wanted, NOW)
        check = session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).one()
        host = results.of_device(session, check.id, sites.ids["pi-01"])
        host.outcome, host.progress = HostOutcome.CHANGED, HostProgress.DONE
        host.diffs = [{"task": "Restart it", "before": "old\n", "after": "new\n"}]
        check.state, check.finished_at = RunState.SUCCEEDED, NOW
        session.flush()
        approvals.fix_effect(session, check, NOW)
        return run.id


def test_a_second_person_reads_the_difference_and_approves_it(at: At, sites: Sites, proposed: int) -> None:
    admin = at(Role.ADMIN)
    assert "Waits for a second person" in admin.see(f"/runs/{proposed}")
    page = admin.see(f"/runs/{proposed}/decide")
    assert '<span class="added">+new' in page
    assert "1 site would change" in page
    digest = str(sites.find_run(proposed).diff_sha256)
    assert f'value="{digest}"' in page
    fields = {"diff_sha256": digest, "decision": "approve", "comment": "fine"}
    assert admin.send(f"/runs/{proposed}/decide", fields).status_code == 303
    assert sites.find_run(proposed).state == RunState.QUEUED
    assert "approved" in admin.see(f"/runs/{proposed}")


def test_another_difference_than_was_seen_is_not_approved(at: At, sites: Sites, proposed: int) -> None:
    fields = {"diff_sha256": "0" * 64, "decision": "approve", "comment": "in a hurry"}
    answer = at(Role.ADMIN).send(f"/runs/{proposed}/decide", fields)
    assert answer.status_code == 409
    assert "This is not the diff that the check-mode run showed" in answer.text
    assert 'value="in a hurry"' in answer.text
    assert sites.find_run(proposed).state == RunState.PROPOSED


def test_who_asked_does_not_decide(at: At, sites: Sites, proposed: int) -> None:
    operator = at(Role.OPERATOR)
    page = operator.see(f"/runs/{proposed}/decide")
    assert "You asked for it" in page
    assert 'name="decision"' not in page
    fields = {"diff_sha256": str(sites.find_run(proposed).diff_sha256), "decision": "approve"}
    assert operator.send(f"/runs/{proposed}/decide", fields).status_code == 403


def test_rejecting_ends_it(at: At, sites: Sites, proposed: int) -> None:
    fields = {"diff_sha256": str(sites.find_run(proposed).diff_sha256), "decision": "reject", "comment": "not today"}
    admin = at(Role.ADMIN)
    admin.send(f"/runs/{proposed}/decide", fields)
    assert sites.find_run(proposed).state == RunState.CANCELED
    assert "not today" in admin.see(f"/runs/{proposed}")


def test_a_rollback_shows_first_what_it_would_do(at: At, sites: Sites) -> None:
    run_id = sites.run(playbook="configure", state=RunState.SUCCEEDED, finished_at=NOW)
    with sites.session() as session:
        for name, device_id in sites.ids.items():
            device = session.get_one(Device, device_id)
            values = {"device_id": name, "rtsp_url": "rtsp://viewer:***@192.0.2.10/"}
            old = factories.config_version(session, device, 1, shown=values | {"version": 1, "jpeg_quality": 70})
            new = factories.config_version(session, device, 2, shown=values | {"version": 2, "jpeg_quality": 80})
            device.state.config_version, device.state.desired_config_id = 2, new.id
            session.add(
                RollbackPoint(
                    tenant_id=device.tenant_id, run_id=run_id, device_id=device.id, config_number=1,
                    config_version_id=old.id, created_at=NOW,
                )
            )  # fmt: skip
    operator = at(Role.OPERATOR)
    page = operator.see(f"/runs/{run_id}/rollback")
    assert "Restore on 3 sites" in page
    assert "jpeg_quality" in page
    assert page.index(">80</code>") < page.index(">70</code>")
    answer = operator.send(f"/runs/{run_id}/rollback", {"reason": "blurred"})
    assert answer.status_code == 303
    with sites.session() as session:
        (made,) = session.scalars(sa.select(Deployment))
    assert answer.headers["Location"] == f"/deployments/{made.id}"
    assert made.reason == "blurred"


@pytest.mark.parametrize("action", ["cancel", "retry", "rollback", "decide"])
def test_a_viewer_may_look_but_not_touch(at: At, sites: Sites, action: str) -> None:
    run_id = sites.run(state=RunState.QUEUED)
    viewer = at(Role.VIEWER)
    assert f"/{action}" not in viewer.see(f"/runs/{run_id}")
    viewer.see(f"/runs/{run_id}/{action}", 403)
    assert viewer.send(f"/runs/{run_id}/{action}").status_code == 403
