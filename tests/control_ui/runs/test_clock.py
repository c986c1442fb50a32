"""The clock: every duty in its time, once among many clocks, whatever is away."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis
from rq import Queue
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from control_ui.jobs import clock, requeue, schedules
from control_ui.jobs.clock import Clock, Duty
from control_ui.jobs.context import JobContext, make_context
from control_ui.jobs.dispatch import dispatch
from control_ui.models import AuditVerification, Run, Schedule
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.audit.trail import Subject, record
from control_ui.services.devices import status
from control_ui.services.runs import reaper
from control_ui.services.runs.requests import RunRequest, request
from control_ui.work_queue import CONTROL, RUNS
from tests.control_ui.audit import tampering
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet
from tests.control_ui.servers import free_port

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECOND = timedelta(seconds=1)
Done = list[tuple[str, datetime]]


def noted(done: Done, name: str, failure: Exception | None = None) -> Callable[[JobContext, datetime], None]:
    def do(_here: JobContext, now: datetime) -> None:
        done.append((name, now))
        if failure is not None:
            raise failure

    return do


def a_clock(here: JobContext, monkeypatch: pytest.MonkeyPatch, *duties: Duty) -> Clock:
    monkeypatch.setattr(clock, "duties", lambda: [dataclasses.replace(duty) for duty in duties])
    return Clock(here)


def test_every_duty_is_done_in_its_time(here: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    done: Done = []
    ticking = a_clock(here, monkeypatch, Duty("often", 1, noted(done, "often")), Duty("rare", 3, noted(done, "rare")))
    for second in range(5):
        ticking.tick(NOW + second * SECOND, float(second))
    assert [name for name, _ in done] == ["often", "rare", "often", "often", "often", "rare", "often"]


def test_of_two_clocks_one_leads_and_both_do_what_is_for_every_machine(
    here: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: Done = []
    duties = (Duty("one", 1, noted(done, "one")), Duty("all", 1, noted(done, "all"), everywhere=True))
    first, second = a_clock(here, monkeypatch, *duties), a_clock(here, monkeypatch, *duties)
    for at in range(2):
        for ticking in (first, second):
            ticking.tick(NOW, float(at))
    assert [name for name, _ in done] == ["one", "all", "all"] * 2


def test_when_the_one_that_leads_is_gone_another_does(here: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    done: Done = []
    duty = Duty("one", 1, noted(done, "one"))
    first, second = a_clock(here, monkeypatch, duty), a_clock(here, monkeypatch, duty)
    first.tick(NOW, 0.0)
    assert 0 < int(here.redis.ttl(clock.LOCK)) <= clock.LOCK_SECONDS
    here.redis.delete(clock.LOCK)  # as it expires
    second.tick(NOW, 0.0)
    first.tick(NOW, 5.0)
    assert len(done) == 2


def test_without_redis_every_clock_does_it_all(here: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    done: Done = []
    nowhere = make_context(dataclasses.replace(here.settings, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    duty = Duty("one", 1, noted(done, "one"))
    for ticking in (a_clock(nowhere, monkeypatch, duty), a_clock(nowhere, monkeypatch, duty)):
        ticking.tick(NOW, 0.0)
    nowhere.close()
    assert len(done) == 2


@pytest.mark.parametrize(
    "failure",
    [
        OperationalError("select", {}, Exception("the database is away")),
        redis.ConnectionError("Redis is away"),
        KeyError("a bug"),
    ],
)
def test_a_duty_that_fails_is_told_and_keeps_no_other_from_being_done(
    here: JobContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    done: Done = []
    duties = (Duty("bad", 1, noted(done, "bad", failure)), Duty("good", 1, noted(done, "good")))
    ticking = a_clock(here, monkeypatch, *duties)
    for second in range(2):
        ticking.tick(NOW, float(second))
    assert [name for name, _ in done] == ["bad", "good"] * 2
    assert "'bad'" in caplog.text


def test_a_database_that_is_away_is_told_once(
    here: JobContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = OperationalError("select", {}, Exception("the database is away"))
    ticking = a_clock(here, monkeypatch, Duty("bad", 1, noted([], "bad", away)))
    with caplog.at_level(logging.WARNING):
        for second in range(5):
            ticking.tick(NOW, float(second))
    assert caplog.text.count("the database is away") == 1


@pytest.mark.parametrize(
    ("duty_name", "patience"), [("reap", reaper.SILENCE), ("silent devices", status.OUTAGE_PATIENCE)]
)
def test_nobody_is_taken_for_dead_right_after_the_start_or_after_the_database_was_away(
    here: JobContext, monkeypatch: pytest.MonkeyPatch, duty_name: str, patience: timedelta
) -> None:
    """Workers and Pis that could not tell that they live need a moment to do so."""
    done: Done = []
    failures: list[Exception] = []

    def sometimes(_here: JobContext, _now: datetime) -> None:
        if failures:
            raise failures.pop()

    real = next(duty for duty in clock.duties() if duty.name == duty_name)
    judging = dataclasses.replace(real, every_seconds=1, do=noted(done, "judged"))
    ticking = a_clock(here, monkeypatch, judging, Duty("look", 1, sometimes))
    quiet = int(patience.total_seconds())
    for second in range(quiet + 1):
        ticking.tick(NOW + second * SECOND, float(second))
    assert [at for _, at in done] == [NOW + patience]
    failures.append(OperationalError("select", {}, Exception("away")))
    for second in range(quiet + 1, 2 * quiet + 3):
        ticking.tick(NOW + second * SECOND, float(second))
    assert [at for _, at in done] == [NOW + patience, NOW + patience + SECOND, NOW + 2 * patience + 2 * SECOND]


def test_a_clock_whose_time_is_set_back_goes_on(here: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    done: Done = []
    ticking = a_clock(here, monkeypatch, Duty("one", 1, noted(done, "one")))
    for second in range(2):
        ticking.tick(NOW - second * timedelta(hours=1), float(second))
    assert len(done) == 2


def test_a_clock_that_does_not_lead_notices_that_the_database_is_away(
    here: JobContext, caplog: pytest.LogCaptureFixture
) -> None:
    here.redis.set(clock.LOCK, "another")
    Path(make_url(here.settings.database_url).database or "").write_bytes(b"no database")
    Clock(here).tick(NOW, 0.0)
    assert "the clock cannot do 'database' without the database" in caplog.text


def test_a_device_that_is_silent_when_the_control_plane_starts_is_marked_a_minute_later(
    here: JobContext, session: ScopedSession, fleet: Fleet
) -> None:
    state = fleet.devices[0].state
    state.status, state.last_seen_at, state.overdue_at = DeviceStatus.ONLINE, NOW, NOW + 30 * SECOND
    session.commit()
    starting, statuses = Clock(here), []
    for second in range(90):
        starting.tick(NOW + timedelta(hours=1, seconds=second), float(second))
        session.refresh(state)
        statuses.append(state.status)
        session.rollback()
    assert statuses[59] == DeviceStatus.ONLINE
    assert statuses[63] == DeviceStatus.OFFLINE


def test_the_duties_of_a_real_clock_can_all_be_done(here: JobContext, caplog: pytest.LogCaptureFixture) -> None:
    Clock(here).tick(NOW, 0.0)
    assert caplog.text == ""


def test_the_audit_trail_is_followed_at_the_start_and_every_six_hours(
    here: JobContext, session: ScopedSession, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    ticking = Clock(here)
    for hour in (0, 5, 6):
        ticking.tick(NOW + timedelta(hours=hour), hour * 3600.0)
    control = Queue(CONTROL, connection=here.redis)
    asked = [job for job in control.get_jobs() if job.func_name == clock.CHECK_AUDIT]
    assert len(asked) == 2
    record(session, system("a test"), "thing.act", Subject("thing", 1), tenant_id=fleet.tenant.id, at=NOW)
    session.commit()
    asked[0].perform()
    assert [found.intact for found in session.query(AuditVerification)] == [True]
    session.rollback()
    tampering.change(session, f"tenant:{fleet.tenant.id}", 1, "action", "thing.other")
    asked[1].perform()
    assert [found.intact for found in session.query(AuditVerification)] == [False]
    assert "the audit trail is broken: chain tenant:" in caplog.text


def ask(session: ScopedSession, fleet: Fleet) -> Run:
    return request(session, fleet.actor, RunRequest("look", {"device_ids": fleet.ids()}), NOW)


def queued(here: JobContext) -> list[tuple[int, ...]]:
    return [tuple(job.args) for job in Queue(RUNS, connection=here.redis).get_jobs()]


def test_dispatched_slices_are_put_on_the_work_queue(here: JobContext, session: ScopedSession, fleet: Fleet) -> None:
    run = ask(session, fleet)
    dispatch()
    assert queued(here) == [(flow.parts(session, run)[0].id,)]


def test_what_the_work_queue_has_lost_is_put_there_again_once(
    here: JobContext, session: ScopedSession, fleet: Fleet
) -> None:
    ask(session, fleet)
    (slice_id,) = flow.dispatched(session)
    later = NOW + reaper.QUEUE_GRACE + SECOND
    requeue.requeue(here, later)
    assert queued(here) == [(slice_id,)]
    requeue.requeue(here, later + reaper.QUEUE_GRACE + SECOND)
    assert queued(here) == [(slice_id,)]
    here.redis.flushall()
    requeue.requeue(here, later + reaper.QUEUE_GRACE + SECOND)
    assert queued(here) == [(slice_id,)]


def test_a_slice_that_cannot_be_put_on_the_queue_now_waits_for_it(
    here: JobContext, session: ScopedSession, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_slice_id: int) -> None:
        raise redis.ConnectionError("Redis is away")

    run = ask(session, fleet)
    with monkeypatch.context() as patch:
        patch.setattr(here.work, "run_slice", away)
        dispatch()
        session.rollback()
        with pytest.raises(redis.ConnectionError):
            requeue.requeue(here, NOW + timedelta(days=3650))
    assert flow.fresh(session, run).state == RunState.QUEUED
    session.rollback()
    requeue.requeue(here, NOW + timedelta(days=3650))
    assert len(queued(here)) == 1


def test_schedules_that_are_due_start_their_runs(here: JobContext, session: ScopedSession, fleet: Fleet) -> None:
    schedule = Schedule(
        tenant_id=fleet.tenant.id, name="nightly", cron="0 * * * *", timezone="UTC", playbook="look",
        target={"all": True}, created_at=NOW, next_at=NOW,
    )  # fmt: skip
    session.add(schedule)
    session.commit()
    for _ in range(2):
        schedules.tick(here, NOW)
    assert [run.requested_by for run in session.query(Run)] == ["schedule nightly"]
