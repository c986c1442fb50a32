"""A slice whose worker is told to end it, or loses something that it needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from control_ui.jobs import recorder
from control_ui.jobs import slices as job
from control_ui.jobs.context import JobContext, make_context, using
from control_ui.jobs.recording import store
from control_ui.jobs.stopping import STOPPING
from control_ui.models import DeviceLock, RunEvent
from control_ui.models.runs import HostProgress, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.runs import slices
from control_ui.services.runs.cancel import cancel
from control_ui.services.runs.slices import Claimed
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Ask, Fleet
from tests.control_ui.runs.work import done, leftovers, on_postgresql, on_sqlite, started
from tests.control_ui.servers import free_port


@pytest.mark.usefixtures("quick")
def test_a_cancel_ends_ansible_and_hosts_in_flight_are_reported_as_such(
    here: JobContext, session: ScopedSession, fleet: Fleet, ask: Ask
) -> None:
    run = ask("hang")
    worker = started(session, run)
    cancel(session, fleet.other, flow.fresh(session, run), "wrong one", NOW)
    worker.join()
    run = flow.fresh(session, run)
    assert (run.state, run.counts) == (RunState.CANCELED, {"interrupted": 3, "total": 3})
    assert {host.progress for host in flow.hosts_of(session, run).values()} == {HostProgress.INTERRUPTED}
    assert flow.host_of(session, run, "pi-01").counts["ok"] == 1
    assert leftovers() == []


@on_sqlite
@pytest.mark.usefixtures("quick")
def test_a_worker_that_is_told_to_stop_reports_what_there_is_and_the_run_is_lost(
    here: JobContext, session: ScopedSession, ask: Ask
) -> None:
    run = ask("hang")
    worker = started(session, run)
    STOPPING.set()
    worker.join()
    run = flow.fresh(session, run)
    assert (run.state, run.error) == (RunState.LOST, "its worker was stopped")
    assert run.counts == {"interrupted": 3, "total": 3}
    assert session.scalars(sa.select(DeviceLock)).all() == []
    assert leftovers() == []


@on_sqlite
@pytest.mark.usefixtures("quick")
def test_a_worker_that_was_taken_for_dead_stops(here: JobContext, session: ScopedSession, ask: Ask) -> None:
    run = ask("hang")
    worker = started(session, run)
    slices.end(session, flow.parts(session, run)[0].id, SliceState.LOST, "not heard of", datetime.now(UTC))
    worker.join()
    run = flow.fresh(session, run)
    assert (run.state, run.error) == (RunState.LOST, "not heard of")
    assert leftovers() == []


@on_postgresql
@pytest.mark.usefixtures("quick")
def test_a_database_that_is_away_for_a_while_costs_nothing(
    here: JobContext, session: ScopedSession, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is away from the first event to the last, and for the first attempts to end the slice."""
    run = ask("look")
    (slice_id,) = flow.dispatched(session)
    attempts = {"store": 0, "end": 0}
    end = slices.end

    def away(name: str, times: int, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            attempts[name] += 1
            if attempts[name] <= times:
                raise OperationalError("insert", {}, Exception("server closed the connection"))
            return function(*arguments)

        return call

    monkeypatch.setattr(recorder, "store", away("store", 20, store))
    monkeypatch.setattr(slices, "end", away("end", 3, end))
    job.run_slice(slice_id)
    run = flow.fresh(session, run)
    assert (run.state, run.counts) == (RunState.SUCCEEDED, {"ok": 3, "total": 3})
    kinds = session.scalars(sa.select(RunEvent.kind).where(RunEvent.run_id == run.id).order_by(RunEvent.counter)).all()
    assert (kinds[0], kinds[-1]) == ("playbook_on_start", "playbook_on_stats")


@on_sqlite
@pytest.mark.usefixtures("quick")
def test_a_database_that_stays_away_leaves_everything_on_the_disk_for_the_reaper(
    here: JobContext, session: ScopedSession, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("insert", {}, Exception("server closed the connection"))

    monkeypatch.setattr(recorder, "store", away)
    monkeypatch.setattr(recorder, "PATIENCE_SECONDS", 0)
    run = done(session, ask("look"))
    assert run.state == RunState.RUNNING
    (directory,) = here.settings.runs_dir.iterdir()
    assert "playbook_on_stats" in (directory / "events.jsonl").read_text()


@on_sqlite
@pytest.mark.usefixtures("quick")
def test_a_fault_of_ours_leaves_no_run_behind_that_seems_to_run(
    here: JobContext, session: ScopedSession, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_here: JobContext, _claimed: Claimed, _batch: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(recorder, "store", broken)
    run = ask("look")
    (slice_id,) = flow.dispatched(session)
    with pytest.raises(KeyError):
        job.run_slice(slice_id)
    run = flow.fresh(session, run)
    assert (run.state, run.error) == (RunState.LOST, "the worker failed: KeyError; its log has the rest")
    assert list(here.settings.runs_dir.iterdir()) != []


@on_sqlite
def test_a_redis_that_is_away_keeps_nobody_from_anything(here: JobContext, session: ScopedSession, ask: Ask) -> None:
    nowhere = make_context(dataclasses.replace(here.settings, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    with using(nowhere):
        assert done(session, ask("look")).state == RunState.SUCCEEDED
    nowhere.close()
