"""The run history tells who asked, who approved, what changed, where, with what result, and what undid it later."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from control_ui.models import Deployment, DeploymentDevice
from control_ui.models.deployments import DeploymentState, DeviceProgress, Strategy
from control_ui.models.runs import RunState
from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.actor import system
from control_ui.services.errors import InvalidError
from control_ui.services.reports import head as heads
from control_ui.services.reports import run_history, run_history_formats
from control_ui.services.reports.run_history import Filters, Row
from tests.control_ui import factories
from tests.control_ui.reports import history
from tests.control_ui.reports.history import BEGIN, MARCH, History


@pytest.fixture
def made(session: ScopedSession) -> History:
    return history.make(session)


def rows(session: ScopedSession, **filters: str) -> list[Row]:
    return list(run_history.rows(session, MARCH, Filters(**filters)))


def hosts(found: list[Row]) -> list[tuple[int, str, str]]:
    return [(row.run_id, row.host, row.outcome) for row in found]


def test_every_host_of_every_run_has_a_row(session: ScopedSession, made: History) -> None:
    assert hosts(rows(session)) == [
        (made.rolled_out.id, "pi-east", "changed"),
        (made.rolled_out.id, "pi-west", "unreachable"),
        (made.rolled_back.id, "pi-east", "pending"),
    ]


def test_a_row_tells_the_whole_story(session: ScopedSession, made: History) -> None:
    row = rows(session)[0]
    assert (row.tenant, row.site, row.playbook, row.reason, row.revision) == (
        "ours", "Site east", "configure", "Summer", "0123abc",
    )  # fmt: skip
    assert (row.requested_by, row.approved_by) == ("anna@ours.test", "ben@ours.test")
    assert row.approved_at == BEGIN + timedelta(seconds=30)
    assert (row.config_version_before, row.release_before, row.config_version_given) == (1, "1.0.0", 2)
    assert row.duration_seconds == 2.5
    assert [(found.kind, found.id, found.by) for found in row.rolled_back_by] == [
        ("run", made.rolled_back.id, "ben@ours.test")
    ]
    assert rows(session)[1].rolled_back_by == [], "the other host was not part of the rollback"
    assert rows(session)[2].rollback_of_run_id == made.rolled_out.id


def test_a_deployment_that_took_back_what_it_did_is_told(session: ScopedSession, made: History) -> None:
    device = session.query(DeploymentDevice).filter_by(device_id=made.west.id).one()
    device.rollback_config_version_id, device.progress = device.config_version_id, DeviceProgress.ROLLED_BACK
    device.settled_at = BEGIN
    session.commit()
    told = rows(session)[1].rolled_back_by
    assert [(found.kind, found.id, found.state) for found in told] == [
        ("same deployment", made.deployment.id, "rolled back")
    ]


def test_a_later_deployment_that_took_one_back_is_told(session: ScopedSession, made: History) -> None:
    later = Deployment(
        tenant_id=made.tenant.id, strategy=Strategy.ALL, target={}, state=DeploymentState.RUNNING,
        rollback_of_id=made.deployment.id, requested_by="ben", requested_at=BEGIN,
    )  # fmt: skip
    session.add(later)
    session.flush()
    session.add(
        DeploymentDevice(
            tenant_id=made.tenant.id,
            deployment_id=later.id,
            device_id=made.west.id,
            wave=1,
            progress=DeviceProgress.PENDING,
        )
    )
    session.commit()
    assert [(found.kind, found.id) for found in rows(session)[1].rolled_back_by] == [("deployment", later.id)]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"playbook": "configure"}, 3),
        ({"playbook": "reboot"}, 0),
        ({"site": "Site west"}, 1),
        ({"device": "pi-east"}, 2),
        ({"device": "pi-east", "site": "Site west"}, 0),
        ({"person": "anna"}, 2),
        ({"person": "BEN@"}, 3),
        ({"person": "%"}, 0),
    ],
)
def test_filters_narrow_it(session: ScopedSession, made: History, filters: dict[str, str], count: int) -> None:
    assert len(rows(session, **filters)) == count


def test_a_mistyped_name_is_refused_instead_of_an_empty_report(session: ScopedSession, made: History) -> None:
    with pytest.raises(InvalidError) as refusal:
        run_history.check(session, Filters(site="Site wets", device="pi-esat"))
    assert [(fault.path, fault.message) for fault in refusal.value.faults] == [
        ("site", "there is no site 'Site wets'"),
        ("device", "there is no device 'pi-esat'"),
    ]
    run_history.check(session, Filters(site="Site west", device="pi-east"))


def test_a_run_belongs_to_the_period_in_which_it_started(session: ScopedSession, made: History) -> None:
    after = replace(MARCH, start=BEGIN + timedelta(minutes=30))
    assert {row.run_id for row in run_history.rows(session, after, Filters())} == {made.rolled_back.id}
    made.rolled_out.started_at = after.start
    session.commit()
    assert {row.run_id for row in run_history.rows(session, after, Filters())} == {
        made.rolled_out.id,
        made.rolled_back.id,
    }
    before = replace(MARCH, end=after.start)
    assert list(run_history.rows(session, before, Filters())) == []


def test_one_that_never_started_belongs_to_the_period_in_which_it_was_asked_for(
    session: ScopedSession, made: History
) -> None:
    run = factories.run(session, [made.east], requested_at=BEGIN, state=RunState.CANCELED, cancel_requested_by="anna")
    session.commit()
    found = next(row for row in rows(session) if row.run_id == run.id)
    assert (found.canceled_by, found.duration_seconds, found.approved_by) == ("anna", None, "")


def test_batches_lose_nothing_and_repeat_nothing(
    session: ScopedSession, made: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_history, "RUNS_PER_BATCH", 2)
    monkeypatch.setattr(run_history, "HOSTS_PER_BATCH", 2)
    devices = [factories.device(session, made.tenant, f"pi-{number}") for number in range(5)]
    for _ in range(4):
        factories.run(session, devices, requested_at=BEGIN)
    session.commit()
    found = hosts(rows(session))
    assert len(found) == len(set(found)) == 3 + 4 * 5


def test_a_tenant_sees_its_own_runs_only(session: ScopedSession, sessions: SessionFactory, made: History) -> None:
    history.make(session, "theirs")
    assert {row.tenant for row in rows(session)} == {"ours", "theirs"}
    with open_session(sessions, Scope(made.tenant.id)) as ours:
        found = list(run_history.rows(ours, MARCH, Filters()))
        assert {row.tenant for row in found} == {"ours"}
        with pytest.raises(InvalidError, match="cannot be made"):
            run_history.check(ours, Filters(device="pi-north"))


def render(session: ScopedSession, made: History, form: str) -> str:
    head = heads.head(made.tenant, MARCH, system("a test"), BEGIN, {"site": None, "person": "<b>n"})
    found = run_history.rows(session, MARCH, Filters())
    return "".join(getattr(run_history_formats, f"as_{form}")(head, found))


def test_as_csv_it_is_one_line_a_host_with_stable_columns(session: ScopedSession, made: History) -> None:
    text = render(session, made, "csv")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(lines) == 3
    assert list(lines[0]) == list(run_history_formats.COLUMNS)
    first = lines[0]
    assert (first["requested_at_utc"], first["requested_at_local"], first["timezone"]) == (
        "2026-03-04T12:00:00.000Z", "2026-03-04T06:00:00-06:00", "America/Chicago",
    )  # fmt: skip
    assert (first["check_mode"], first["duration_seconds"]) == ("no", "2.5")
    assert "-interval: 12\n+interval: 10\n" in first["changes"]
    assert first["rolled_back_by"].startswith(f"run {made.rolled_back.id} (ben@ours.test, 2026-03-04T13:01:00.000Z")


def test_no_cell_can_start_a_formula(session: ScopedSession, made: History) -> None:
    lines = list(csv.DictReader(io.StringIO(render(session, made, "csv"), newline="")))
    assert lines[2]["reason"] == "'=cmd|'/c calc'!A0"


def test_as_json_each_row_has_the_same_columns_with_their_types(session: ScopedSession, made: History) -> None:
    document = json.loads(render(session, made, "json"))
    assert (document["format"], document["tenant"], document["narrowed_to"]) == (
        "run-history/1", "ours", {"person": "<b>n"},
    )  # fmt: skip
    assert (document["from"], document["to"]) == ("2026-03-01T06:00:00.000Z", "2026-04-01T05:00:00.000Z")
    first = document["rows"][0]
    assert list(first) == list(run_history_formats.COLUMNS)
    assert (first["check_mode"], first["duration_seconds"], first["approved_by"]) == (False, 2.5, "ben@ours.test")
    assert first["rolled_back_by"][0]["id"] == made.rolled_back.id


def test_as_html_it_is_one_file_that_loads_and_runs_nothing(session: ScopedSession, made: History) -> None:
    page = render(session, made, "html")
    assert "<style>" in page
    for hole in ("<script", "<link", "<img", "http://", "https://", " style=", " onclick="):
        assert hole not in page.partition("</style>")[2]
    assert "&lt;b&gt;n" in page, "what people wrote is text"
    assert "-interval: 12" in page
    assert "2026-03-04T12:01:00.000Z (2026-03-04T06:01:00-06:00)" in page
    assert "Later rolled back by" in page


def test_an_empty_period_says_so(session: ScopedSession, made: History) -> None:
    long_ago = replace(MARCH, start=MARCH.start - timedelta(days=365), end=MARCH.start - timedelta(days=300))
    head = heads.head(None, long_ago, system("a test"), BEGIN, {})
    page = "".join(run_history_formats.as_html(head, run_history.rows(session, long_ago, Filters())))
    assert "No run started in this period" in page
    assert "All tenants" in page
    assert json.loads("".join(run_history_formats.as_json(head, iter(()))))["rows"] == []


@pytest.mark.parametrize("form", ["csv", "json", "html"])
def test_no_form_of_it_holds_a_secret(session: ScopedSession, made: History, form: str) -> None:
    assert "hunter22" not in render(session, made, form)
