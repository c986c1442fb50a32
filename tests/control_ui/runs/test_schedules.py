"""Runs that start by themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from control_ui.models import AuditEntry, Run, Schedule
from control_ui.models.people import Role
from control_ui.models.runs import HostOutcome, RunState
from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.errors import ConflictError, ForbiddenError, InvalidError, LostUpdateError, NotFoundError
from control_ui.services.runs import schedules
from control_ui.services.runs.schedules import ScheduleForm
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet, make_fleet

FORM = ScheduleForm(
    name="nightly",
    cron="30 2 * * *",
    timezone="America/Chicago",
    playbook="look",
    target={"all": True},
    variables={},
    check_mode=False,
    enabled=True,
)
FIRST_TICK = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)


@pytest.fixture
def scoped(sessions: SessionFactory, fleet: Fleet) -> Iterator[ScopedSession]:
    """A session of the fleet's tenant, as a view has it."""
    with open_session(sessions, Scope(fleet.tenant.id)) as session:
        yield session


def create(scoped: ScopedSession, fleet: Fleet, **values: Any) -> Schedule:
    return schedules.create(scoped, fleet.actor, dataclasses.replace(FORM, **values), "because", NOW)


def tick(scoped: ScopedSession, schedule: Schedule, now: datetime = FIRST_TICK) -> Run | None:
    return schedules.tick(scoped, schedule.id, now)


def stored(scoped: ScopedSession, schedule: Schedule) -> Schedule:
    return scoped.get_one(Schedule, schedule.id, populate_existing=True)


def test_the_next_tick_is_by_the_clock_of_its_time_zone(scoped: ScopedSession, fleet: Fleet) -> None:
    assert create(scoped, fleet).next_at == FIRST_TICK


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        # In spring half past two is skipped: it runs right after; in autumn it comes once only.
        (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 8, 8, 0, tzinfo=UTC)),
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), datetime(2026, 3, 9, 7, 30, tzinfo=UTC)),
        (datetime(2026, 10, 31, 8, tzinfo=UTC), datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_around_changes_of_the_clocks_it_ticks_once_a_day(after: datetime, expected: datetime) -> None:
    assert schedules.next_tick("30 2 * * *", "America/Chicago", after) == expected


def test_in_autumn_an_hour_that_comes_twice_ticks_once() -> None:
    first = schedules.next_tick("30 1 * * *", "America/Chicago", datetime(2026, 11, 1, 5, tzinfo=UTC))
    second = schedules.next_tick("30 1 * * *", "America/Chicago", first)
    assert (first, second) == (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 2, 7, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * *", "must have 5 fields"),
        ("0 * * * * *", "must have 5 fields"),
        ("61 * * * *", "Bad minute"),
        ("0 0 31 2 *", "Bad day-of-month"),
        ("0 0 * * mon-zzz", "Bad day-of-week"),
    ],
)
def test_an_expression_that_makes_no_sense_is_told(scoped: ScopedSession, fleet: Fleet, cron: str, words: str) -> None:
    with pytest.raises(InvalidError) as caught:
        create(scoped, fleet, cron=cron)
    (fault,) = caught.value.faults
    assert fault.path == "$.cron"
    assert words in fault.message


def test_an_unknown_time_zone_is_told(scoped: ScopedSession, fleet: Fleet) -> None:
    with pytest.raises(InvalidError) as caught:
        create(scoped, fleet, timezone="America/Springfield")
    assert [fault.path for fault in caught.value.faults] == ["$.timezone"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"playbook": "unlisted"}, NotFoundError),
        ({"variables": {"text": 7}}, InvalidError),
        ({"playbook": "hang", "check_mode": True}, InvalidError),
        ({"target": {"group_id": 99}}, NotFoundError),
    ],
)
def test_a_run_that_could_never_be_asked_for_is_refused_now(
    scoped: ScopedSession, fleet: Fleet, values: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        create(scoped, fleet, **values)


def test_a_name_is_taken_once_in_a_tenant(scoped: ScopedSession, fleet: Fleet) -> None:
    create(scoped, fleet)
    with pytest.raises(ConflictError, match="nightly"):
        create(scoped, fleet)


def test_a_viewer_schedules_nothing(scoped: ScopedSession, fleet: Fleet) -> None:
    viewer = factories.actor(factories.user(scoped, fleet.tenant, Role.VIEWER))
    schedule = create(scoped, fleet)
    with pytest.raises(ForbiddenError):
        schedules.create(scoped, viewer, FORM, "", NOW)
    with pytest.raises(ForbiddenError):
        schedules.update(scoped, viewer, schedule.id, FORM, 1, "", NOW)
    with pytest.raises(ForbiddenError):
        schedules.delete(scoped, viewer, schedule.id, 1, "", NOW)


def test_a_tick_starts_a_run_that_names_its_schedule(scoped: ScopedSession, fleet: Fleet) -> None:
    schedule = create(scoped, fleet)
    run = tick(scoped, schedule)
    assert run is not None
    assert (run.requested_by, run.schedule_id, run.state) == ("schedule nightly", schedule.id, RunState.QUEUED)
    assert run.requested_by_id == fleet.operator.id
    assert stored(scoped, schedule).next_at == FIRST_TICK + timedelta(days=1)


def test_before_its_time_it_starts_nothing(scoped: ScopedSession, fleet: Fleet) -> None:
    schedule = create(scoped, fleet)
    just_before = FIRST_TICK - timedelta(seconds=1)
    assert schedules.due(scoped, just_before) == []
    assert tick(scoped, schedule, just_before) is None
    assert schedules.due(scoped, FIRST_TICK) == [(schedule.id, fleet.tenant.id)]


def test_two_clocks_start_it_once(scoped: ScopedSession, fleet: Fleet) -> None:
    schedule = create(scoped, fleet)
    assert tick(scoped, schedule) is not None
    assert tick(scoped, schedule) is None


def test_ticks_that_were_missed_are_made_up_for_by_one_run(scoped: ScopedSession, fleet: Fleet) -> None:
    schedule = create(scoped, fleet)
    a_week_later = FIRST_TICK + timedelta(days=7, hours=1)
    assert tick(scoped, schedule, a_week_later) is not None
    assert tick(scoped, schedule, a_week_later) is None
    assert (stored(scoped, schedule).next_at or a_week_later) > a_week_later


def test_a_tick_while_the_run_before_is_not_over_starts_none_and_says_so(scoped: ScopedSession, fleet: Fleet) -> None:
    schedule = create(scoped, fleet)
    run = tick(scoped, schedule)
    assert run is not None
    assert tick(scoped, schedule, FIRST_TICK + timedelta(days=1)) is None
    assert f"run {run.id}" in stored(scoped, schedule).last_error
    refused = scoped.scalars(sa.select(AuditEntry).where(AuditEntry.action == "schedule.tick")).one()
    assert (refused.outcome, refused.subject_id) == ("refused", str(schedule.id))
    flow.ended(scoped, run, dict.fromkeys(("pi-01", "pi-02", "pi-03"), HostOutcome.OK))
    assert tick(scoped, schedule, FIRST_TICK + timedelta(days=2)) is not None
    assert stored(scoped, schedule).last_error == ""


def test_a_target_that_names_nothing_any_more_is_told_and_asked_again_at_the_next_tick(
    scoped: ScopedSession, fleet: Fleet
) -> None:
    schedule = create(scoped, fleet, target={"query": "ring=main"})
    for device in fleet.devices:
        scoped.merge(device).ring = "canary"
    scoped.commit()
    assert tick(scoped, schedule) is None
    assert "names no device" in stored(scoped, schedule).last_error
    assert schedules.due(scoped, FIRST_TICK) == []


def test_a_disabled_schedule_ticks_no_more(scoped: ScopedSession, fleet: Fleet) -> None:
    schedule = create(scoped, fleet)
    off = dataclasses.replace(FORM, enabled=False)
    schedules.update(scoped, fleet.actor, schedule.id, off, schedule.row_version, "summer", NOW)
    assert stored(scoped, schedule).next_at is None
    assert tick(scoped, schedule) is None


def test_a_tick_makes_nobody_s_edit_a_lost_update(scoped: ScopedSession, fleet: Fleet) -> None:
    schedule = create(scoped, fleet)
    read = schedule.row_version
    tick(scoped, schedule)
    changed = schedules.update(
        scoped, fleet.other, schedule.id, dataclasses.replace(FORM, cron="0 3 * * *"), read, "later", FIRST_TICK
    )
    assert (changed.cron, changed.created_by_id) == ("0 3 * * *", fleet.admin.id)


def test_of_two_who_edit_at_once_one_is_told(scoped: ScopedSession, fleet: Fleet) -> None:
    schedule = create(scoped, fleet)
    read = schedule.row_version
    schedules.update(scoped, fleet.actor, schedule.id, dataclasses.replace(FORM, cron="0 3 * * *"), read, "", NOW)
    with pytest.raises(LostUpdateError):
        schedules.update(scoped, fleet.other, schedule.id, FORM, read, "", NOW)
    with pytest.raises(LostUpdateError):
        schedules.delete(scoped, fleet.other, schedule.id, read, "", NOW)


def test_a_deleted_schedule_leaves_its_runs(scoped: ScopedSession, fleet: Fleet) -> None:
    schedule = create(scoped, fleet)
    run = tick(scoped, schedule)
    assert run is not None
    schedules.delete(scoped, fleet.actor, schedule.id, schedule.row_version, "done with", NOW)
    assert flow.fresh(scoped, run).requested_by == "schedule nightly"
    assert scoped.scalars(sa.select(Schedule)).all() == []
    entries = scoped.scalars(sa.select(AuditEntry.action).where(AuditEntry.subject_type == "schedule"))
    assert list(entries) == ["schedule.create", "schedule.delete"]


def test_where_four_eyes_are_asked_for_a_schedule_does_not_get_around_them(
    sessions: SessionFactory, session: ScopedSession, fleet: Fleet
) -> None:
    careful = make_fleet(session, "pi-04", requires_approval=True)
    with open_session(sessions, Scope(careful.tenant.id)) as scoped:
        run = tick(scoped, create(scoped, careful, playbook="change"))
        assert run is not None
        assert (run.state, run.requested_by_id) == (RunState.PROPOSED, careful.operator.id)
