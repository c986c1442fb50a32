"""Events become rows: once each, whatever they hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DataError

from control_ui.jobs.recording import NOT_MEANT, SliceRecord
from control_ui.models import Run, RunEvent
from control_ui.models.runs import HostOutcome, HostProgress
from control_ui.models.scope import ScopedSession
from control_ui.runner.events import Event
from control_ui.services.runs import recording
from control_ui.services.runs.requests import RunRequest, request
from control_ui.services.runs.slices import Claimed
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet
from tests.control_ui.runs.told import Told

PASSWORD = "camera-of-the-tests"


@pytest.fixture
def run(session: ScopedSession, fleet: Fleet) -> Run:
    return request(session, fleet.actor, RunRequest("change", {"device_ids": fleet.ids()}), NOW)


@pytest.fixture
def claimed(session: ScopedSession, run: Run) -> Claimed:
    return flow.begun(session, run)[0]


def store(session: ScopedSession, record: SliceRecord, events: list[Event]) -> None:
    batch = record.take(events)
    recording.store(session, batch.events, batch.hosts, batch.finished_hosts)


def rows(session: ScopedSession, run: Run) -> list[RunEvent]:
    return list(session.scalars(sa.select(RunEvent).where(RunEvent.run_id == run.id).order_by(RunEvent.counter)))


def test_events_and_hosts_are_stored_as_they_come(session: ScopedSession, run: Run, claimed: Claimed) -> None:
    told, record = Told(), SliceRecord(claimed, [])
    told("playbook_on_task_start", task="Write the file", stdout="TASK [Write the file]")
    told.task("pi-01", "Write the file", "changed", stdout="changed: [pi-01]", duration_seconds=0.5)
    told("runner_on_start", "pi-02", task="Write the file")
    store(session, record, told.events)
    first, _, changed, _ = rows(session, run)
    assert (first.kind, first.host, first.stdout) == ("playbook_on_task_start", None, "TASK [Write the file]")
    assert (changed.host, changed.outcome, changed.duration_seconds, changed.at) == (
        "pi-01",
        "changed",
        0.5,
        NOW + timedelta(seconds=3),
    )
    hosts = flow.hosts_of(session, run)
    assert [host.progress for host in hosts.values()] == [
        HostProgress.IN_FLIGHT,
        HostProgress.IN_FLIGHT,
        HostProgress.PENDING,
    ]
    assert record.counts == {"in flight": 2, "pending": 1}
    assert record.task == "Write the file"


def test_at_the_end_each_host_has_its_outcome_counts_words_and_diffs(
    session: ScopedSession, run: Run, claimed: Claimed
) -> None:
    told, record = Told(), SliceRecord(claimed, [])
    diff = [{"before": "old\n", "after": "new\n"}]
    told.task("pi-01", "Write the file", "changed", diff=diff)
    told.task("pi-02", "Write the file", "failed", result={"msg": "no space left"})
    told.stats(processed={"pi-01": 1, "pi-02": 1}, ok={"pi-01": 1}, changed={"pi-01": 1}, failures={"pi-02": 1})
    store(session, record, told.events)
    last = record.last()
    recording.store(session, last.events, last.hosts, last.finished_hosts)
    hosts = flow.hosts_of(session, run)
    assert (hosts["pi-01"].outcome, hosts["pi-01"].counts["changed"]) == (HostOutcome.CHANGED, 1)
    assert hosts["pi-01"].diffs == [{"task": "Write the file", "before": "old\n", "after": "new\n"}]
    assert hosts["pi-02"].outcome == HostOutcome.FAILED
    assert hosts["pi-02"].message == "Write the file: no space left"
    assert (hosts["pi-03"].outcome, hosts["pi-03"].message) == (HostOutcome.SKIPPED, NOT_MEANT)
    assert record.counts == {"changed": 1, "failed": 1, "skipped": 1}
    assert record.complete


def test_what_is_stored_twice_is_there_once(session: ScopedSession, run: Run, claimed: Claimed) -> None:
    told = Told()
    told.task("pi-01", "Answer", "ok")
    for _ in range(2):
        store(session, SliceRecord(claimed, []), told.events)
    assert len(rows(session, run)) == 2


def test_no_password_is_stored_neither_in_events_nor_in_what_is_said_of_hosts(
    session: ScopedSession, run: Run, claimed: Claimed
) -> None:
    told, record = Told(), SliceRecord(claimed, [PASSWORD])
    diff = [{"before": "", "after": f"url: rtsp://viewer:{PASSWORD}@x/"}]
    said = f"cannot log in with {PASSWORD}"
    told.task("pi-01", f"Try {PASSWORD}", "failed", stdout=said, result={"msg": said}, diff=diff)
    store(session, record, told.events)
    host = flow.host_of(session, run, "pi-01")
    stored = [host.message, host.diffs]
    stored += [[row.task, row.stdout, row.result] for row in rows(session, run)]
    assert "***" in str(host.message)
    assert "***" in str(host.diffs)
    assert PASSWORD not in str(stored)
    assert record.clean(said) == "cannot log in with ***"


def test_what_postgresql_refuses_keeps_nothing_away(session: ScopedSession, run: Run, claimed: Claimed) -> None:
    told = Told()
    told.task("pi-01", "Answer", "ok", stdout="binary \x00 and \ud800", result={"msg": "\x00"})
    store(session, SliceRecord(claimed, []), told.events)
    assert rows(session, run)[1].stdout.startswith("binary")


def test_hosts_of_other_plays_are_stored_as_events_only(session: ScopedSession, run: Run, claimed: Claimed) -> None:
    told, record = Told(), SliceRecord(claimed, [])
    told.task("a-helper", "Answer", "ok")
    store(session, record, told.events)
    assert len(rows(session, run)) == 2
    assert record.counts == {"pending": 3}


def test_an_event_that_the_database_refuses_leaves_its_place_and_the_others_are_stored(
    session: ScopedSession, run: Run, claimed: Claimed, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, insert = Told(), recording._insert
    for number in range(3):
        told("verbose", stdout=f"line {number}")

    def picky(session: ScopedSession, events: list[dict[str, Any]]) -> None:
        if any(event["stdout"] == "line 1" for event in events):
            raise DataError("insert", {}, ValueError("out of range"))
        insert(session, events)

    monkeypatch.setattr(recording, "_insert", picky)
    store(session, SliceRecord(claimed, []), told.events)
    assert [row.stdout for row in rows(session, run)] == [
        "line 0",
        "[this event could not be stored: ValueError]",
        "line 2",
    ]
