"""From queued runs to slices: in order, all devices or none."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from control_ui.models import DeviceLock, RollbackPoint, Run, Schedule
from control_ui.models.runs import HostOutcome, RunState, SliceState
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services.runs import dispatch, locks
from control_ui.services.runs.requests import RunRequest, request
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet

LATER = NOW + timedelta(minutes=1)


def ask(
    session: ScopedSession, fleet: Fleet, *names: str, playbook: str = "change", at: datetime = NOW, **values: Any
) -> Run:
    return request(session, fleet.actor, RunRequest(playbook, {"device_ids": fleet.ids(*names)}, **values), at)


def locked(session: ScopedSession) -> dict[int, int]:
    return dict(session.execute(sa.select(DeviceLock.device_id, DeviceLock.run_id)).all())


def test_a_run_is_cut_in_slices_and_takes_its_devices(session: ScopedSession, fleet: Fleet) -> None:
    run = ask(session, fleet)
    made = flow.dispatched(session, hosts_per_slice=2)
    parts = flow.parts(session, run)
    assert made == [part.id for part in parts]
    assert [(part.number, part.state) for part in parts] == [(1, SliceState.QUEUED), (2, SliceState.QUEUED)]
    hosts = flow.hosts_of(session, run)
    assert [hosts[name].slice_id for name in ("pi-01", "pi-02", "pi-03")] == [made[0], made[0], made[1]]
    assert locked(session) == dict.fromkeys(fleet.ids(), run.id)


def test_a_run_is_dispatched_once(session: ScopedSession, fleet: Fleet) -> None:
    ask(session, fleet)
    assert len(flow.dispatched(session)) == 1
    assert flow.dispatched(session) == []


def test_a_playbook_that_goes_from_ring_to_ring_is_not_cut(session: ScopedSession, fleet: Fleet) -> None:
    run = ask(session, fleet, playbook="restart")
    flow.dispatched(session, hosts_per_slice=1)
    assert len(flow.parts(session, run)) == 1


def test_a_run_waits_until_it_may_begin(session: ScopedSession, fleet: Fleet) -> None:
    ask(session, fleet, not_before=LATER)
    assert flow.dispatched(session) == []
    assert len(flow.dispatched(session, LATER)) == 1


def test_a_second_run_waits_for_the_whole_of_its_devices_and_says_for_whom(
    session: ScopedSession, fleet: Fleet
) -> None:
    first = ask(session, fleet, "pi-01")
    second = ask(session, fleet, "pi-01", "pi-02", at=LATER)
    assert len(flow.dispatched(session)) == 1
    assert flow.fresh(session, second).waiting_for_run_id == first.id
    assert set(locked(session)) == set(fleet.ids("pi-01"))


def test_a_waiting_run_goes_on_when_the_devices_are_free(session: ScopedSession, fleet: Fleet) -> None:
    first = ask(session, fleet, "pi-01")
    second = ask(session, fleet, "pi-01", "pi-02", at=LATER)
    flow.ended(session, first, {"pi-01": HostOutcome.OK})
    assert len(flow.dispatched(session)) == 1
    assert flow.fresh(session, second).waiting_for_run_id is None
    assert locked(session) == dict.fromkeys(fleet.ids("pi-01", "pi-02"), second.id)


def test_a_run_on_many_devices_is_not_starved_by_younger_ones(session: ScopedSession, fleet: Fleet) -> None:
    ask(session, fleet, "pi-01")
    large = ask(session, fleet, at=LATER)
    small = ask(session, fleet, "pi-02", at=LATER + timedelta(seconds=1))
    assert len(flow.dispatched(session)) == 1
    assert flow.fresh(session, small).waiting_for_run_id == large.id


def test_a_younger_run_on_other_devices_does_not_wait(session: ScopedSession, fleet: Fleet) -> None:
    ask(session, fleet, "pi-01")
    ask(session, fleet, "pi-01", "pi-02", at=LATER)
    other = ask(session, fleet, "pi-03", at=LATER)
    flow.dispatched(session)
    assert locked(session)[fleet.ids("pi-03")[0]] == other.id


@pytest.mark.parametrize("values", [{"playbook": "look"}, {"check_mode": True}])
def test_what_changes_nothing_waits_for_nobody_and_holds_nothing(
    session: ScopedSession, fleet: Fleet, values: dict[str, Any]
) -> None:
    first = ask(session, fleet)
    look = ask(session, fleet, at=LATER, **values)
    assert len(flow.dispatched(session)) == 2
    assert set(locked(session).values()) == {first.id}
    assert session.scalars(sa.select(RollbackPoint).where(RollbackPoint.run_id == look.id)).all() == []


def test_the_way_back_is_noted_before_a_run_changes_anything(session: ScopedSession, fleet: Fleet) -> None:
    known, unknown, silent = fleet.devices
    version = factories.config_version(session, known, number=4)
    known.state.config_version, known.state.release = 4, "1.2.3"
    unknown.state.config_version = 17
    run = ask(session, fleet)
    flow.dispatched(session)
    points = session.scalars(sa.select(RollbackPoint).where(RollbackPoint.run_id == run.id))
    assert {point.device_id: (point.config_version_id, point.config_number, point.release) for point in points} == {
        known.id: (version.id, 4, "1.2.3"),
        unknown.id: (None, 17, ""),
        silent.id: (None, None, ""),
    }


def test_a_held_device_is_left_out_and_says_why(session: ScopedSession, fleet: Fleet) -> None:
    fleet.devices[0].held_reason = "its camera is being replaced"
    run = ask(session, fleet)
    flow.dispatched(session)
    held = flow.host_of(session, run, "pi-01")
    assert (held.outcome, held.message, held.slice_id) == (
        HostOutcome.HELD,
        "held: its camera is being replaced",
        None,
    )
    assert set(locked(session)) == set(fleet.ids("pi-02", "pi-03"))


def test_a_held_device_may_be_looked_at(session: ScopedSession, fleet: Fleet) -> None:
    fleet.devices[0].held_reason = "its camera is being replaced"
    run = ask(session, fleet, playbook="look")
    flow.dispatched(session)
    assert flow.host_of(session, run, "pi-01").outcome is None


def test_a_run_whose_devices_are_all_held_ends_at_once(session: ScopedSession, fleet: Fleet) -> None:
    fleet.devices[0].held_reason = "stolen"
    run = ask(session, fleet, "pi-01")
    assert flow.dispatched(session) == []
    run = flow.fresh(session, run)
    assert (run.state, run.counts) == (RunState.SUCCEEDED, {"held": 1, "total": 1})
    assert locked(session) == {}


def scheduled(session: ScopedSession, fleet: Fleet) -> Run:
    schedule = Schedule(
        tenant_id=fleet.tenant.id, name="nightly", cron="0 * * * *", timezone="UTC", playbook="change",
        target={"all": True}, created_at=NOW,
    )  # fmt: skip
    session.add(schedule)
    session.flush()
    return ask(session, fleet, schedule_id=schedule.id)


def test_outside_a_site_s_maintenance_windows_a_scheduled_run_leaves_it_alone(
    session: ScopedSession, fleet: Fleet
) -> None:
    """It is 23:06 on a Tuesday in Chicago, and 05:06 in London."""
    chicago, london, _always = (device.site for device in fleet.devices)
    london.timezone = "Europe/London"
    for site in (chicago, london):
        site.maintenance_windows = [{"days": ["tue", "wed"], "start": "04:00", "minutes": 120}]
    run = scheduled(session, fleet)
    flow.dispatched(session)
    hosts = flow.hosts_of(session, run)
    assert [hosts[name].outcome for name in ("pi-01", "pi-02", "pi-03")] == [HostOutcome.HELD, None, None]
    assert "the next opens 2026-03-04T10:00+00:00" in hosts["pi-01"].message


def test_a_person_s_run_does_not_wait_for_a_window(session: ScopedSession, fleet: Fleet) -> None:
    fleet.devices[0].site.maintenance_windows = [{"days": ["sun"], "start": "04:00", "minutes": 60}]
    run = ask(session, fleet)
    flow.dispatched(session)
    assert flow.host_of(session, run, "pi-01").outcome is None


def test_where_another_dispatcher_is_quicker_with_one_device_none_is_taken(
    session: ScopedSession, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ask(session, fleet)
    taken = locks.take

    def too_late(session: ScopedSession, run: Run, device_ids: list[int], now: datetime) -> None:
        taken(session, run, device_ids, now)
        raise IntegrityError("insert", {}, Exception("another was quicker"))

    monkeypatch.setattr(locks, "take", too_late)
    assert flow.dispatched(session) == []
    assert locked(session) == {}
    assert flow.parts(session, run) == []
    monkeypatch.undo()
    assert len(flow.dispatched(session)) == 1


def test_many_dispatchers_at_once_give_each_device_to_one_run(
    sessions: SessionFactory, session: ScopedSession, fleet: Fleet
) -> None:
    runs = [ask(session, fleet, *names) for names in [("pi-01", "pi-02"), ("pi-02", "pi-03"), ("pi-03", "pi-01")] * 3]
    made: list[int] = []
    start = threading.Barrier(4)

    def look() -> None:
        with open_session(sessions, ALL_TENANTS) as own:
            start.wait()
            made.extend(dispatch.ready_slices(own, LATER, 100))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == len(set(made)) == 1
    assert set(locked(session).values()) == {runs[0].id}


def test_the_device_locks_themselves_admit_one_run(session: ScopedSession, fleet: Fleet) -> None:
    first, second = ask(session, fleet), ask(session, fleet)
    locks.take(session, first, fleet.ids(), NOW)
    session.commit()
    with pytest.raises(IntegrityError):
        locks.take(session, second, fleet.ids("pi-03"), NOW)
