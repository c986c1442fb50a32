"""How slices and runs end, and what state that is."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from control_ui.models import AuditEntry, DeviceLock, Run, RunSlice
from control_ui.models.runs import HostOutcome, HostProgress, RunState, SliceState
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services.runs import slices
from control_ui.services.runs.requests import RunRequest, request
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet

OK, CHANGED, FAILED = HostOutcome.OK, HostOutcome.CHANGED, HostOutcome.FAILED
UNREACHABLE, SKIPPED = HostOutcome.UNREACHABLE, HostOutcome.SKIPPED


@pytest.fixture
def run(session: ScopedSession, fleet: Fleet) -> Run:
    return request(session, fleet.actor, RunRequest("change", {"device_ids": fleet.ids()}), NOW)


def end(session: ScopedSession, run: Run, *outcomes: HostOutcome) -> Run:
    return flow.ended(session, run, dict(zip(("pi-01", "pi-02", "pi-03"), outcomes, strict=True)))


@pytest.mark.parametrize(
    ("outcomes", "state", "error"),
    [
        ((OK, CHANGED, SKIPPED), RunState.SUCCEEDED, ""),
        ((OK, OK, UNREACHABLE), RunState.SUCCEEDED, ""),
        ((OK, FAILED, UNREACHABLE), RunState.PARTIAL, ""),
        ((FAILED, FAILED, UNREACHABLE), RunState.FAILED, ""),
        ((UNREACHABLE, UNREACHABLE, UNREACHABLE), RunState.FAILED, "no host could be reached"),
    ],
)
def test_the_state_says_what_came_of_the_hosts_and_unreachable_is_no_failure(
    session: ScopedSession, run: Run, outcomes: tuple[HostOutcome, ...], state: RunState, error: str
) -> None:
    done = end(session, run, *outcomes)
    assert (done.state, done.error) == (state, error)
    assert done.finished_at == NOW


def test_a_host_that_is_held_is_neither_reached_nor_missed(session: ScopedSession, fleet: Fleet) -> None:
    fleet.devices[0].held_reason = "stolen"
    run = request(session, fleet.actor, RunRequest("change", {"device_ids": fleet.ids()}), NOW)
    done = flow.ended(session, run, {"pi-02": UNREACHABLE, "pi-03": UNREACHABLE})
    assert done.state == RunState.FAILED
    assert done.counts == {"held": 1, "unreachable": 2, "total": 3}


def test_the_counts_are_exact_and_the_devices_are_free(session: ScopedSession, run: Run) -> None:
    done = end(session, run, CHANGED, FAILED, CHANGED)
    assert done.counts == {"changed": 2, "failed": 1, "total": 3}
    assert session.scalars(sa.select(DeviceLock)).all() == []


def test_the_end_is_in_the_audit_trail_once(session: ScopedSession, run: Run) -> None:
    done = end(session, run, OK, OK, FAILED)
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "run.finish")).one()
    after = entry.after or {}
    assert (entry.actor_kind, after["state"], after["counts"]) == ("system", "partial", done.counts)


def test_the_last_slice_ends_the_run(session: ScopedSession, run: Run) -> None:
    first, second = flow.begun(session, run, hosts_per_slice=2)
    for host in ("pi-01", "pi-02", "pi-03"):
        flow.report(session, run, host, OK)
    slices.end(session, first.slice_id, SliceState.FINISHED, "", NOW)
    assert flow.fresh(session, run).state == RunState.RUNNING
    slices.end(session, second.slice_id, SliceState.FINISHED, "", NOW)
    assert flow.fresh(session, run).state == RunState.SUCCEEDED


def test_two_slices_that_end_at_once_end_the_run_once(
    sessions: SessionFactory, session: ScopedSession, run: Run
) -> None:
    parts = flow.begun(session, run, hosts_per_slice=1)
    start = threading.Barrier(len(parts))

    def finish(slice_id: int) -> None:
        with open_session(sessions, ALL_TENANTS) as own:
            start.wait()
            slices.end(own, slice_id, SliceState.FINISHED, "", NOW)

    threads = [threading.Thread(target=finish, args=(part.slice_id,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert flow.fresh(session, run).state == RunState.FAILED
    assert len(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "run.finish")).all()) == 1


def test_a_slice_ends_once(session: ScopedSession, run: Run) -> None:
    (part,) = flow.begun(session, run)
    assert slices.end(session, part.slice_id, SliceState.LOST, "first", NOW)
    assert not slices.end(session, part.slice_id, SliceState.FINISHED, "second", NOW)
    assert flow.parts(session, run)[0].error == "first"


def test_its_token_opens_no_inventory_any_more(session: ScopedSession, run: Run) -> None:
    (part,) = flow.begun(session, run)
    assert flow.parts(session, run)[0].inventory_token_sha256
    slices.end(session, part.slice_id, SliceState.FINISHED, "", NOW)
    assert flow.parts(session, run)[0].inventory_token_sha256 is None


def test_of_a_lost_slice_the_hosts_tell_how_far_they_were(session: ScopedSession, run: Run) -> None:
    (part,) = flow.begun(session, run)
    flow.report(session, run, "pi-01", CHANGED)
    flow.report(session, run, "pi-02", None)
    slices.end(session, part.slice_id, SliceState.LOST, "its worker died", NOW)
    done = flow.fresh(session, run)
    assert (done.state, done.error) == (RunState.LOST, "its worker died")
    assert [host.progress for host in flow.hosts_of(session, run).values()] == [
        HostProgress.DONE,
        HostProgress.INTERRUPTED,
        HostProgress.PENDING,
    ]
    assert done.counts == {"changed": 1, "interrupted": 1, "pending": 1, "total": 3}


def test_a_slice_that_could_not_begin_says_why_and_the_run_failed(session: ScopedSession, run: Run) -> None:
    (part,) = flow.begun(session, run)
    slices.end(session, part.slice_id, SliceState.FINISHED, "there is no SSH private key", NOW)
    done = flow.fresh(session, run)
    assert (done.state, done.error) == (RunState.FAILED, "there is no SSH private key")


def test_hosts_without_an_outcome_are_no_success(session: ScopedSession, run: Run) -> None:
    (part,) = flow.begun(session, run)
    flow.report(session, run, "pi-01", OK)
    slices.end(session, part.slice_id, SliceState.FINISHED, "", NOW)
    done = flow.fresh(session, run)
    assert (done.state, done.error) == (RunState.PARTIAL, "2 hosts were not worked on to the end")


def test_a_claim_is_for_one_worker(session: ScopedSession, run: Run) -> None:
    (slice_id,) = flow.dispatched(session)
    flow.claimed(session, slice_id)
    again = slices.claim(session, slice_id, worker="b:2", private_data_dir="/", token_sha256="1" * 64, now=NOW)
    assert again is None
    assert session.get_one(RunSlice, slice_id).worker == "a:1"
    unknown = slices.claim(session, 999, worker="b:2", private_data_dir="/", token_sha256="1" * 64, now=NOW)
    assert unknown is None


def test_a_claim_begins_the_run(session: ScopedSession, run: Run) -> None:
    flow.begun(session, run)
    begun = flow.fresh(session, run)
    assert (begun.state, begun.started_at, begun.revision) == (RunState.RUNNING, NOW, flow.REVISION)


def test_slices_of_one_run_run_the_same_playbooks(session: ScopedSession, run: Run) -> None:
    first, second = (flow.claimed(session, slice_id) for slice_id in flow.dispatched(session, hosts_per_slice=2))
    assert slices.prepare(session, first, "1" * 40) is None
    objection = slices.prepare(session, second, "2" * 40)
    assert objection is not None
    assert "1" * 40 in objection


def test_a_heartbeat_is_the_worker_s_own(session: ScopedSession, run: Run) -> None:
    (part,) = flow.begun(session, run)
    assert slices.beat(session, part, "a:1", NOW).ours
    assert not slices.beat(session, part, "b:2", NOW).ours
    slices.end(session, part.slice_id, SliceState.LOST, "", NOW)
    assert not slices.beat(session, part, "a:1", NOW).ours
