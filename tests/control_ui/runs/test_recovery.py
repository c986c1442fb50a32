"""What is left of a slice whose worker died: settled, stored, never begun again."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from control_ui.jobs import recovery
from control_ui.jobs.context import JobContext
from control_ui.models import AuditEntry, DeviceLock, Run, RunEvent, RunSlice
from control_ui.models.runs import HostOutcome, HostProgress, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.runs import reaper, slices
from control_ui.services.runs.requests import RunRequest, request
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet
from tests.control_ui.runs.told import Told

SILENT_AT = NOW + reaper.SILENCE + timedelta(seconds=1)
MUCH_LATER = NOW + reaper.SILENCE + reaper.ELSEWHERE_GRACE
NOBODY = f"{socket.gethostname()}:{2**22 + 1}"
"""A worker of this machine that is no more: process ids end before."""


@pytest.fixture
def run(session: ScopedSession, fleet: Fleet) -> Run:
    return request(session, fleet.actor, RunRequest("change", {"device_ids": fleet.ids()}), NOW)


def abandoned(
    here: JobContext, session: ScopedSession, run: Run, told: Told | None, worker: str = NOBODY
) -> tuple[int, Path]:
    """A slice that its worker has begun and never ended, and its directory, with what had been told."""
    (slice_id,) = flow.dispatched(session)
    directory = here.settings.runs_dir / f"{slice_id}-0123abcd"
    slices.claim(session, slice_id, worker=worker, private_data_dir=str(directory), token_sha256="0" * 64, now=NOW)
    if told is not None:
        told.leave(directory)
    return slice_id, directory


def half_done() -> Told:
    told = Told()
    told.task("pi-01", "Write the file", "changed")
    told.task("pi-02", "Write the file", "failed", result={"msg": "no space left"})
    told("runner_on_start", "pi-03", task="Write the file")
    return told


def ended_well() -> Told:
    told = Told()
    names = ("pi-01", "pi-02", "pi-03")
    for name in names:
        told.task(name, "Write the file", "changed")
    told.stats(processed=dict.fromkeys(names, 1), ok=dict.fromkeys(names, 1), changed=dict.fromkeys(names, 1))
    return told


def reap(here: JobContext, session: ScopedSession, at: datetime = SILENT_AT) -> int:
    session.rollback()
    return recovery.reap(here, at)


def events(session: ScopedSession, run: Run) -> int:
    return session.scalars(sa.select(sa.func.count()).select_from(RunEvent).where(RunEvent.run_id == run.id)).one()


def test_a_slice_that_is_silent_for_too_long_is_lost_with_everything_it_had_reported(
    here: JobContext, session: ScopedSession, run: Run
) -> None:
    _, directory = abandoned(here, session, run, half_done())
    assert reap(here, session) == 1
    done = flow.fresh(session, run)
    assert (done.state, done.error) == (RunState.LOST, f"its worker {NOBODY} was not heard of for too long")
    assert done.counts == {"failed": 1, "interrupted": 2, "total": 3}
    hosts = flow.hosts_of(session, run)
    assert hosts["pi-02"].message == "Write the file: no space left"
    assert hosts["pi-03"].progress == HostProgress.INTERRUPTED
    assert events(session, run) == 5
    assert not directory.exists()


def test_its_devices_are_free_and_the_trail_tells_of_it(here: JobContext, session: ScopedSession, run: Run) -> None:
    abandoned(here, session, run, half_done())
    reap(here, session)
    assert session.scalars(sa.select(DeviceLock)).all() == []
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "run.finish")).one()
    assert (entry.after or {})["state"] == "lost"


def test_what_had_been_stored_before_is_not_stored_twice(here: JobContext, session: ScopedSession, run: Run) -> None:
    told = half_done()
    slice_id, _ = abandoned(here, session, run, told)
    first = told.events[0]
    session.add(
        RunEvent(
            tenant_id=run.tenant_id, slice_id=slice_id, run_id=run.id, counter=1, at=first.created_at, kind=first.kind
        )
    )
    session.commit()
    reap(here, session)
    assert events(session, run) == 5


def test_a_slice_that_had_come_to_its_end_is_finished_not_lost(
    here: JobContext, session: ScopedSession, run: Run
) -> None:
    abandoned(here, session, run, ended_well())
    reap(here, session)
    done = flow.fresh(session, run)
    assert (done.state, done.error, done.counts) == (RunState.SUCCEEDED, "", {"changed": 3, "total": 3})


def test_a_slice_whose_worker_had_not_begun_is_lost(here: JobContext, session: ScopedSession, run: Run) -> None:
    abandoned(here, session, run, None)
    assert reap(here, session, MUCH_LATER) == 1
    assert flow.fresh(session, run).counts == {"pending": 3, "total": 3}


def test_a_slice_that_beats_is_left_alone(here: JobContext, session: ScopedSession, run: Run) -> None:
    abandoned(here, session, run, half_done())
    assert reap(here, session, NOW + reaper.SILENCE) == 0
    assert flow.fresh(session, run).state == RunState.RUNNING


def test_what_another_machine_can_read_is_left_to_it_for_a_while(
    here: JobContext, session: ScopedSession, run: Run
) -> None:
    abandoned(here, session, run, None, worker="elsewhere:1")
    assert reap(here, session) == 0
    assert reap(here, session, MUCH_LATER) == 1


def test_a_slice_is_settled_once(here: JobContext, session: ScopedSession, run: Run) -> None:
    abandoned(here, session, run, half_done())
    assert [reap(here, session), reap(here, session)] == [1, 0]


def test_it_is_not_begun_again(here: JobContext, session: ScopedSession, run: Run) -> None:
    abandoned(here, session, run, half_done())
    reap(here, session)
    assert flow.dispatched(session, MUCH_LATER) == []


def test_the_directory_of_a_worker_that_lives_stays(here: JobContext, session: ScopedSession, run: Run) -> None:
    """It has only lost the database, and still writes there."""
    _, directory = abandoned(here, session, run, half_done(), worker=f"{socket.gethostname()}:{os.getppid()}")
    assert reap(here, session) == 1
    assert directory.exists()


def test_a_directory_that_cannot_be_read_stays_and_the_run_is_lost_all_the_same(
    here: JobContext, session: ScopedSession, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, directory = abandoned(here, session, run, half_done())

    def unreadable(_directory: Path) -> Any:
        raise PermissionError("not for you")

    monkeypatch.setattr(recovery, "read_events", unreadable)
    assert reap(here, session) == 1
    assert flow.fresh(session, run).state == RunState.LOST
    assert directory.exists()


def given_up(here: JobContext, session: ScopedSession, run: Run, told: Told, state: SliceState) -> Path:
    """A slice that another machine has settled, while this one was away with what it had reported."""
    slice_id, directory = abandoned(here, session, run, told)
    flow.report(session, run, "pi-03", None)
    slices.end(session, slice_id, state, "not heard of", NOW)
    return directory


def test_what_a_machine_finds_when_it_comes_back_is_still_stored(
    here: JobContext, session: ScopedSession, run: Run
) -> None:
    directory = given_up(here, session, run, half_done(), SliceState.LOST)
    session.rollback()
    recovery.tidy(here)
    done = flow.fresh(session, run)
    assert (done.state, done.counts) == (
        RunState.LOST,
        {"failed": 1, "interrupted": 2, "total": 3},
    )
    assert events(session, run) == 5
    assert not directory.exists()


def test_the_directory_of_a_slice_that_ended_is_removed(here: JobContext, session: ScopedSession, run: Run) -> None:
    directory = given_up(here, session, run, half_done(), SliceState.FINISHED)
    session.rollback()
    recovery.tidy(here)
    assert not directory.exists()
    assert events(session, run) == 0  # all of them had been stored, or it would not have been finished


def test_directories_of_slices_that_run_and_of_nobody_knows_whom_stay(
    here: JobContext, session: ScopedSession, run: Run
) -> None:
    _, running = abandoned(here, session, run, half_done())
    session.rollback()
    strangers = [here.settings.runs_dir / name for name in ("999-0123abcd", "some-thing", f"{run.id}-ffffffff")]
    for stranger in strangers:
        stranger.mkdir()
    recovery.tidy(here)
    assert all(directory.exists() for directory in [running, *strangers])


def test_a_directory_that_can_not_be_read_at_the_start_stays_too(
    here: JobContext, session: ScopedSession, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = given_up(here, session, run, half_done(), SliceState.LOST)
    session.rollback()
    monkeypatch.setattr(recovery, "SliceRecord", _Unusable)
    recovery.tidy(here)
    assert directory.exists()


class _Unusable:
    complete = False

    def __init__(self, *_: Any) -> None: ...

    def take(self, _events: Any) -> None:
        raise ValueError("not an event")


def test_slices_that_the_queue_has_forgotten_are_told_after_a_moment(
    here: JobContext, session: ScopedSession, run: Run
) -> None:
    (slice_id,) = flow.dispatched(session)
    assert reaper.waiting_long(session, NOW + reaper.QUEUE_GRACE) == []
    later = NOW + reaper.QUEUE_GRACE + timedelta(seconds=1)
    assert reaper.waiting_long(session, later) == [slice_id]
    reaper.queued_again(session, slice_id, later)
    assert reaper.waiting_long(session, later) == []
    assert session.get_one(RunSlice, slice_id, populate_existing=True).queued_at == later


def test_a_host_that_was_through_keeps_its_outcome(here: JobContext, session: ScopedSession, run: Run) -> None:
    abandoned(here, session, run, half_done())
    reap(here, session)
    assert flow.host_of(session, run, "pi-02").outcome == HostOutcome.FAILED
