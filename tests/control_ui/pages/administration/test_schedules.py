"""Schedules, approvals and retention, by way of their pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from control_ui.models import Approval, Device, Schedule
from control_ui.models.people import Role
from control_ui.models.runs import Decision, RunState
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui import factories
from tests.control_ui.pages.administration.conftest import House, Visitor
from tests.control_ui.people.cast import Cast, trail

Visit = Callable[[Role | str], Visitor]
NEW = {
    "playbook": "restart", "name": "Sunday restart", "cron": "0 4 * * sun", "timezone": "America/Chicago",
    "check_mode": ["0", "1"], "target": "query", "query": "lane=double", "group_id": "", "enabled": "1",
    "variables.restart_units": ["carwash-stream"], "variables.rollout_serial": "10%",
    "variables.rollout_max_fail_percentage": "10",
}  # fmt: skip


def schedule(sessions: SessionFactory, schedule_id: int) -> Schedule:
    with open_session(sessions, ALL_TENANTS) as session:
        return session.get_one(Schedule, schedule_id)


def test_a_schedule_is_told_in_words_with_its_next_times(visit: Visit, house: House) -> None:
    visitor = visit(Role.VIEWER)
    assert "At 02:30 on Monday through Friday" in visitor.get("/administration/schedules").text
    page = visitor.get(f"/administration/schedules/{house.schedule}").text
    assert page.partition("Next times")[2].partition("</ol>")[0].count("<li>") == 5
    assert "operator@ours.test" in page
    assert "No runs yet" in page


def test_a_schedule_is_made_from_its_playbooks_own_form(visit: Visit, house: House, sessions: SessionFactory) -> None:
    visitor = visit(Role.OPERATOR)
    form = visitor.get("/administration/schedules/new?playbook=restart").text
    assert "Which units are restarted." in form
    answer = visitor.post("/administration/schedules/new", **NEW)
    assert answer.status_code == 303
    row = schedule(sessions, int(answer.headers["Location"].rpartition("/")[2]))
    assert row.variables == {"restart_units": ["carwash-stream"], "rollout_serial": "10%"}
    assert row.target == {"query": "lane=double"}
    assert "carwash-stream" in visitor.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cron": "every night"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"timezone": "Chicago"}, "timezone"),
        ({"name": ""}, "name"),
        ({"target": "group", "group_id": ""}, "group_id"),
        ({"query": "lane=("}, "query"),
        ({"variables.rollout_serial": "all of them"}, "variables.rollout_serial"),
        ({"variables.rollout_max_fail_percentage": "101"}, "variables.rollout_max_fail_percentage"),
    ],
)
def test_what_no_schedule_can_be_is_said_at_its_field(
    visit: Visit, house: House, wrong: dict[str, str], field: str
) -> None:
    answer = visit(Role.OPERATOR).post("/administration/schedules/new", **{**NEW, **wrong})
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text
    assert re.search(r'name="check_mode"[^>]* checked', answer.text)
    if field != "name":
        assert 'value="Sunday restart"' in answer.text


def test_a_name_that_is_taken_is_said(visit: Visit, house: House) -> None:
    answer = visit(Role.OPERATOR).post("/administration/schedules/new", **{**NEW, "name": "Nightly"})
    assert (answer.status_code, "There is a schedule" in answer.text) == (409, True)


def test_who_changes_a_schedule_answers_for_it(
    visit: Visit, house: House, cast: Cast, sessions: SessionFactory
) -> None:
    path = f"/administration/schedules/{house.schedule}/edit"
    fields = {
        "playbook": "diagnose", "row_version": "1", "name": "Nightly", "cron": "0 1 * * *", "timezone": "UTC",
        "target": "all", "enabled": "1", "variables.diagnose_journal_lines": "60",
    }  # fmt: skip
    visitor = visit(Role.ADMIN)
    assert visitor.post(path, **fields).status_code == 303
    row = schedule(sessions, house.schedule)
    assert (row.created_by_id, row.variables) == (cast[Role.ADMIN].id, {"diagnose_journal_lines": 60})
    assert visitor.post(path, **fields).status_code == 412, "it was changed meanwhile"


def test_a_schedule_is_paused_resumed_and_removed(visit: Visit, house: House, sessions: SessionFactory) -> None:
    visitor, path = visit(Role.OPERATOR), f"/administration/schedules/{house.schedule}"
    assert visitor.post(f"{path}/pause", reason="holidays").status_code == 303
    assert schedule(sessions, house.schedule).next_at is None
    assert "It is paused" in visitor.get(path).text
    assert "It starts a run next at" in visitor.get(f"{path}/resume").text
    assert visitor.post(f"{path}/resume").status_code == 303
    assert schedule(sessions, house.schedule).next_at is not None
    assert visitor.post(f"{path}/remove").status_code == 303
    assert visitor.get(path).status_code == 404
    assert [entry.reason for entry in trail(sessions, "schedule.update")] == ["holidays", ""]


def test_the_last_runs_of_a_schedule_lead_to_them(visit: Visit, house: House, sessions: SessionFactory) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        device = session.get_one(Device, house.device)
        runs = [
            factories.run(session, [device], schedule_id=house.schedule, state=RunState.SUCCEEDED).id for _ in range(12)
        ]
        session.commit()
    visitor = visit(Role.VIEWER)
    page = visitor.get(f"/administration/schedules/{house.schedule}").text
    assert [f'"/runs/{run}"' in page for run in runs] == [False] * 2 + [True] * 10
    assert f"/runs/{runs[-1]}" in visitor.get("/administration/schedules").text


def test_what_a_cron_expression_means_is_told_while_it_is_entered(visit: Visit) -> None:
    visitor, path = visit(Role.OPERATOR), "/administration/schedules/times"
    told = visitor.get(path, query_string={"cron": "30 2 * * mon-fri", "timezone": "America/Chicago"}).text
    assert told.count("<time") == 5
    assert "it must have 5 fields" in visitor.get(path, query_string={"cron": "x", "timezone": "UTC"}).text
    assert "no time zone" in visitor.get(path, query_string={"cron": "0 1 * * *", "timezone": "x"}).text


def test_what_waits_for_a_second_person_leads_to_the_run(
    visit: Visit, house: House, cast: Cast, sessions: SessionFactory
) -> None:
    now = datetime.now(UTC)
    with open_session(sessions, ALL_TENANTS) as session:
        device = session.get_one(Device, house.device)
        run = factories.run(session, [device], state=RunState.PROPOSED, reason="new release")
        past = factories.run(session, [device], state=RunState.SUCCEEDED, reason="long ago")
        operator, admin = cast[Role.OPERATOR].id, cast[Role.ADMIN].id
        asked = {"tenant_id": cast.tenant.id, "requested_by_id": operator, "requested_at": now - timedelta(hours=1)}
        session.add_all(
            [
                Approval(**asked, run_id=run.id, expires_at=now + timedelta(hours=23)),
                Approval(
                    **asked, run_id=past.id, expires_at=now, decision=Decision.APPROVED, decided_by_id=admin,
                    decided_at=now, comment="looks right",
                ),
            ]
        )  # fmt: skip
        session.commit()
    visitor = visit(Role.OPERATOR)
    waiting = visitor.get("/administration/approvals").text
    assert f"/runs/{run.id}" in waiting
    assert "new release" in waiting
    assert "another person decides" in waiting
    assert "long ago" not in waiting
    assert "looks right" in visitor.get("/administration/approvals?all=1").text
    assert "Nothing waits" in visit("stranger").get("/administration/approvals").text


def test_how_long_things_are_kept_is_shown_and_changed_by_the_platform(visit: Visit, cast: Cast) -> None:
    assert "/edit" not in visit(Role.ADMIN).get("/administration/retention").text
    platform = visit(Role.PLATFORM_ADMIN)
    fields = {"row_version": "1", "name": "Ours", "timezone": "UTC", "log_retention_days": "7"}
    assert platform.post(f"/administration/tenants/{cast.tenant.id}/edit", **fields).status_code == 303
    assert "7 days" in platform.get("/administration/retention").text
    bad = platform.post(
        f"/administration/tenants/{cast.tenant.id}/edit", **{**fields, "row_version": "2", "log_retention_days": "0"}
    )
    assert 'id="log_retention_days-fault"' in bad.text
