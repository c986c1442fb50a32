"""Runs as people watch them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from control_ui.models import DeviceLock, HostResult, RollbackPoint, Run, RunEvent, RunSlice
from control_ui.models.people import Role
from control_ui.models.runs import HostOutcome, HostProgress, RunState, SliceState
from control_ui.services.runs import results
from tests.control_ui import factories
from tests.control_ui.pages.browser import main_of
from tests.control_ui.pages.runs.conftest import At, Sites, statements

NOW = datetime.now(UTC)


def finish(sites: Sites, run_id: int, name: str, outcome: HostOutcome, **values: Any) -> None:
    with sites.session() as session:
        host = results.of_device(session, run_id, sites.ids[name])
        host.outcome, host.progress = outcome, HostProgress.DONE
        for column, value in values.items():
            setattr(host, column, value)


@pytest.fixture
def mixed(sites: Sites) -> int:
    """A run that has ended: one host changed, one failed, one could not be reached; with events of one slice."""
    run_id = sites.run(
        playbook="restart", state=RunState.PARTIAL, requested_at=NOW - timedelta(minutes=5), reason="a new router",
        started_at=NOW - timedelta(minutes=4), finished_at=NOW - timedelta(minutes=3), requested_by="ann@ours.test",
        counts={"changed": 1, "failed": 1, "unreachable": 1, "total": 3},
    )  # fmt: skip
    diff = {"task": "Write it", "after_header": "config.json", "before": "quality: 70\n", "after": "quality: 80\n"}
    finish(sites, run_id, "pi-01", HostOutcome.CHANGED, diffs=[diff], started_at=NOW - timedelta(minutes=4))
    finish(sites, run_id, "pi-02", HostOutcome.FAILED, message="no picture within 30 s")
    finish(sites, run_id, "pi-03", HostOutcome.UNREACHABLE, message="no route to host")
    with sites.session() as session:
        tenant_id = sites.cast.tenant.id
        part = RunSlice(tenant_id=tenant_id, run_id=run_id, number=1, state=SliceState.FINISHED, worker="worker-1:7")
        session.add(part)
        session.flush()
        for counter, (host, text) in enumerate([(None, "TASK [Write it]"), ("pi-01", "changed: [pi-01]")], start=1):
            session.add(
                RunEvent(
                    tenant_id=tenant_id, run_id=run_id, slice_id=part.id, counter=counter, at=NOW, host=host,
                    kind="runner_on_ok", task="Write it", outcome="changed" if host else None, duration_seconds=1.5,
                    stdout=text,
                )
            )  # fmt: skip
    return run_id


def test_the_history_is_narrowed_by_its_address(at: At, sites: Sites, mixed: int) -> None:
    other = sites.run("pi-01", playbook="reboot", state=RunState.SUCCEEDED, requested_by="bob@ours.test")
    viewer = at(Role.VIEWER)
    first, second = f'href="/runs/{mixed}"', f'href="/runs/{other}"'
    today = NOW.date()
    for query, shows_first, shows_second in (
        ("", True, True), ("state=partial", True, False), ("playbook=reboot", False, True),
        ("person=ann", True, False), ("text=pi-03", True, False), ("text=router", True, False),
        (f"since={today}", True, False), ("until=2025-01-01", False, False), ("since=rubbish", True, True),
        ("tenant=999", False, False),
    ):  # fmt: skip
        page = viewer.see(f"/runs?{query}")
        assert (query, first in page, second in page) == (query, shows_first, shows_second)


def test_pages_of_the_history_follow_one_another(at: At, sites: Sites) -> None:
    ids = [sites.run("pi-01", state=RunState.SUCCEEDED) for _ in range(41)]
    viewer = at(Role.VIEWER)
    page = viewer.see("/runs?text=pi-01")
    assert f'href="/runs/{ids[0]}"' not in page
    older = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "text=pi-01" in older
    page = viewer.see(older)
    assert f'href="/runs/{ids[0]}"' in page
    assert f'href="/runs/{ids[-1]}"' not in page


def test_what_runs_is_on_top_and_its_end_has_the_history_read_anew(at: At, sites: Sites, mixed: int) -> None:
    running = sites.run(state=RunState.RUNNING)
    viewer = at(Role.VIEWER)
    page = viewer.see("/runs")
    assert page.index(f'href="/runs/{running}"') < page.index(f'href="/runs/{mixed}"')
    same = viewer.client.get(f"/runs/active?seen={running}")
    assert "HX-Trigger" not in same.headers
    with sites.session() as session:
        session.execute(sa.update(Run).where(Run.id == running).values(state=RunState.SUCCEEDED))
    assert viewer.client.get(f"/runs/active?seen={running}").headers["HX-Trigger"] == "run-ended"


def test_a_run_is_shown_with_its_hosts_and_what_went_wrong(at: At, mixed: int) -> None:
    page = at(Role.VIEWER).see(f"/runs/{mixed}")
    assert 'title="pi-02: failed"' in page
    assert "no picture within 30 s" in page
    assert "ann@ours.test" in page
    assert "a new router" in page
    assert "hx-trigger" not in main_of(page), "it has ended: nothing is asked for again"
    assert "data-cells" not in page
    assert "worker-1:7" in page


def test_the_grid_is_told_shortly_and_not_again_while_it_is_the_same(at: At, sites: Sites) -> None:
    run_id = sites.run(state=RunState.RUNNING)
    finish(sites, run_id, "pi-02", HostOutcome.OK)
    viewer = at(Role.VIEWER)
    answer = viewer.client.get(f"/runs/{run_id}/cells")
    assert answer.get_json() == {"ended": False, "legend": ["ok", "pending"], "cells": "101"}
    again = viewer.client.get(f"/runs/{run_id}/cells", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    finish(sites, run_id, "pi-01", HostOutcome.OK)
    changed = viewer.client.get(f"/runs/{run_id}/cells", headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.get_json()["cells"] == "001"


def test_the_grid_can_be_narrowed_without_scripts(at: At, mixed: int) -> None:
    page = at(Role.VIEWER).see(f"/runs/{mixed}?outcome=failed")
    assert '<li><a class="cell" data-state="failed"' in page
    assert '<li hidden><a class="cell" data-state="changed"' in page


def test_a_run_that_waits_says_for_whom(at: At, sites: Sites) -> None:
    holder = sites.run("pi-02", state=RunState.RUNNING)
    waiting = sites.run(state=RunState.QUEUED, waiting_for_run_id=holder)
    with sites.session() as session:
        session.add(
            DeviceLock(
                tenant_id=sites.cast.tenant.id, device_id=sites.ids["pi-02"], run_id=holder, acquired_at=NOW
            )
        )  # fmt: skip
    page = at(Role.VIEWER).see(f"/runs/{waiting}/head")
    assert f"run {holder}</a>" in page
    assert "1 site of this one: pi-02" in page


def test_a_host_has_its_tasks_their_times_and_its_difference(at: At, sites: Sites, mixed: int) -> None:
    page = at(Role.VIEWER).see(f"/runs/{mixed}/hosts/{sites.ids['pi-01']}")
    assert "1.5 s" in page
    assert '<span class="removed">-quality: 70' in page
    assert '<span class="added">+quality: 80' in page
    assert "changed: [pi-01]" in page


def test_the_same_difference_is_shown_once_with_its_hosts(at: At, sites: Sites, mixed: int) -> None:
    diff = {"task": "Write it", "after_header": "config.json", "before": "quality: 70\n", "after": "quality: 80\n"}
    finish(sites, mixed, "pi-03", HostOutcome.CHANGED, diffs=[diff])
    page = at(Role.VIEWER).see(f"/runs/{mixed}/changes")
    assert page.count("+quality: 80") == 1
    assert "on 2 sites" in page


def test_output_is_followed_without_missing_or_repeating(at: At, sites: Sites, mixed: int) -> None:
    viewer = at(Role.VIEWER)
    first = viewer.client.get(f"/runs/{mixed}/lines").get_json()
    assert first["lines"] == [[1, "TASK [Write it]"], [1, "changed: [pi-01]"]]
    assert first["ended"]
    again = viewer.client.get(f"/runs/{mixed}/lines?after={first['next']}").get_json()
    assert again["lines"] == []
    assert viewer.client.get(f"/runs/{mixed}/lines?after=rubbish").status_code == 200


def test_output_is_searched_and_taken_along(at: At, mixed: int) -> None:
    viewer = at(Role.VIEWER)
    assert "1 place with “CHANGED:”" in viewer.see(f"/runs/{mixed}/output?find=CHANGED:")
    assert "Nothing with these words" in viewer.see(f"/runs/{mixed}/output?find=100%25")
    assert "TASK" not in viewer.see(f"/runs/{mixed}/output?host=pi-01").partition('class="log')[2]
    file = viewer.client.get(f"/runs/{mixed}/output.txt")
    assert file.text == "TASK [Write it]\nchanged: [pi-01]\n"
    assert "attachment" in file.headers["Content-Disposition"]


def test_what_a_page_costs_does_not_grow_with_the_hosts(app: Flask, at: At, sites: Sites, mixed: int) -> None:
    viewer = at(Role.VIEWER)
    few = statements(app, lambda: viewer.see(f"/runs/{mixed}"))
    with sites.session() as session:
        for number in range(60):
            device = factories.device(session, sites.cast.tenant, f"pi-x{number}")
            session.add(
                HostResult(
                    tenant_id=device.tenant_id, run_id=mixed, device_id=device.id, host=device.name,
                    progress=HostProgress.DONE, outcome=HostOutcome.FAILED, message=f"fault {number}",
                )
            )  # fmt: skip
    assert statements(app, lambda: viewer.see(f"/runs/{mixed}")) == few


PAGES = ("", "/head", "/findings", "/cells", "/lines", "/output", "/output.txt", "/changes", "/hosts/{device}",
         "/cancel", "/retry", "/decide", "/rollback")  # fmt: skip


def test_to_a_stranger_no_page_of_a_run_is_there(at: At, sites: Sites, mixed: int) -> None:
    stranger = at(sites.cast.stranger)
    for page in PAGES:
        text = stranger.see(f"/runs/{mixed}{page.format(device=sites.ids['pi-01'])}", 404)
        assert "pi-01" not in text
    for action in ("cancel", "retry", "decide", "rollback"):
        assert stranger.send(f"/runs/{mixed}/{action}").status_code == 404
    stranger.see("/runs/99999999999999999999", 404)


def test_points_make_a_rollback_possible(at: At, sites: Sites, mixed: int) -> None:
    with sites.session() as session:
        run = session.get_one(Run, mixed)
        for name in sites.ids:
            device_id = sites.ids[name]
            session.add(
                RollbackPoint(
                    tenant_id=run.tenant_id, run_id=mixed, device_id=device_id, config_number=1, created_at=NOW
                )
            )
    assert f"/runs/{mixed}/rollback" in at(Role.OPERATOR).see(f"/runs/{mixed}")
    assert f"/runs/{mixed}/rollback" not in at(Role.VIEWER).see(f"/runs/{mixed}")
