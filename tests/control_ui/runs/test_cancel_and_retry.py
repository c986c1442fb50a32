"""Ending a run before its time, and doing it again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from control_ui.models import AuditEntry, DeviceLock, Run
from control_ui.models.people import Role
from control_ui.models.runs import HostOutcome, HostProgress, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import ConflictError, ForbiddenError
from control_ui.services.runs import slices
from control_ui.services.runs.cancel import cancel
from control_ui.services.runs.requests import RunRequest, request
from control_ui.services.runs.retries import retry
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet

OK, FAILED, UNREACHABLE = HostOutcome.OK, HostOutcome.FAILED, HostOutcome.UNREACHABLE


@pytest.fixture
def run(session: ScopedSession, fleet: Fleet) -> Run:
    return request(session, fleet.actor, RunRequest("change", {"device_ids": fleet.ids()}, {"text": "x"}), NOW)


def stop(session: ScopedSession, fleet: Fleet, run: Run) -> Run:
    return cancel(session, fleet.other, run, "wrong one", NOW)


def test_a_run_that_nobody_works_on_yet_ends_at_once(session: ScopedSession, fleet: Fleet, run: Run) -> None:
    canceled = stop(session, fleet, run)
    assert (canceled.state, canceled.error) == (RunState.CANCELED, f"canceled by {fleet.admin.email}")
    assert flow.dispatched(session) == []


def test_slices_that_wait_for_a_worker_are_not_begun_and_the_devices_are_free(
    session: ScopedSession, fleet: Fleet, run: Run
) -> None:
    (slice_id,) = flow.dispatched(session)
    assert stop(session, fleet, run).state == RunState.CANCELED
    assert slices.claim(session, slice_id, worker="a:1", private_data_dir="/", token_sha256="0" * 64, now=NOW) is None
    assert session.scalars(sa.select(DeviceLock)).all() == []


def test_a_worker_hears_of_it_and_what_it_had_begun_is_interrupted(
    session: ScopedSession, fleet: Fleet, run: Run
) -> None:
    (part,) = flow.begun(session, run)
    flow.report(session, run, "pi-01", OK)
    flow.report(session, run, "pi-02", None)
    assert not slices.beat(session, part, "a:1", NOW).canceled
    assert stop(session, fleet, run).state == RunState.RUNNING
    assert slices.beat(session, part, "a:1", NOW).canceled
    slices.end(session, part.slice_id, SliceState.CANCELED, "", NOW)
    done = flow.fresh(session, run)
    assert (done.state, done.error) == (RunState.CANCELED, f"canceled by {fleet.admin.email}")
    assert done.counts == {"interrupted": 1, "ok": 1, "pending": 1, "total": 3}
    assert flow.host_of(session, run, "pi-02").progress == HostProgress.INTERRUPTED


def test_a_cancel_that_comes_too_late_leaves_the_outcome_as_it_is(
    session: ScopedSession, fleet: Fleet, run: Run
) -> None:
    (part,) = flow.begun(session, run)
    stop(session, fleet, run)
    for host in ("pi-01", "pi-02", "pi-03"):
        flow.report(session, run, host, OK)
    slices.end(session, part.slice_id, SliceState.FINISHED, "", NOW)
    assert flow.fresh(session, run).state == RunState.SUCCEEDED


def test_asking_twice_is_like_asking_once(session: ScopedSession, fleet: Fleet, run: Run) -> None:
    flow.begun(session, run)
    stop(session, fleet, run)
    stop(session, fleet, run)
    assert len(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "run.cancel")).all()) == 1


def test_a_run_that_has_ended_cannot_be_canceled(session: ScopedSession, fleet: Fleet, run: Run) -> None:
    flow.ended(session, run, {"pi-01": OK, "pi-02": OK, "pi-03": OK})
    with pytest.raises(ConflictError, match="ended already"):
        stop(session, fleet, run)


def test_a_viewer_cancels_nothing(session: ScopedSession, fleet: Fleet, run: Run) -> None:
    viewer = factories.actor(factories.user(session, fleet.tenant, Role.VIEWER))
    with pytest.raises(ForbiddenError):
        cancel(session, viewer, run, "", NOW)


def test_a_proposed_run_is_withdrawn_with_its_check(session: ScopedSession, careful: Fleet) -> None:
    run = request(session, careful.actor, RunRequest("change", {"device_ids": careful.ids()}), NOW)
    assert stop(session, careful, run).state == RunState.CANCELED
    check = session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).one()
    assert check.state == RunState.CANCELED


def test_withdrawing_the_check_ends_what_it_was_for(session: ScopedSession, careful: Fleet) -> None:
    run = request(session, careful.actor, RunRequest("change", {"device_ids": careful.ids()}), NOW)
    stop(session, careful, session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).one())
    run = flow.fresh(session, run)
    assert run.state == RunState.FAILED
    assert "nothing to approve" in run.error


def test_a_retry_is_the_same_run_on_the_hosts_that_need_it(session: ScopedSession, fleet: Fleet, run: Run) -> None:
    versions = {device.id: factories.config_version(session, device).id for device in fleet.devices}
    for host in flow.hosts_of(session, run).values():
        host.config_version_id = versions[host.device_id]
    flow.ended(session, run, {"pi-01": OK, "pi-02": FAILED, "pi-03": UNREACHABLE})
    again = retry(session, fleet.actor, flow.fresh(session, run), "the camera is back", NOW)
    assert (again.playbook, again.variables, again.retry_of_id) == ("change", {"text": "x"}, run.id)
    assert {name: host.config_version_id for name, host in flow.hosts_of(session, again).items()} == {
        device.name: versions[device.id] for device in fleet.named("pi-02", "pi-03")
    }


def test_hosts_that_a_lost_run_never_came_to_are_retried_too(session: ScopedSession, fleet: Fleet, run: Run) -> None:
    (part,) = flow.begun(session, run)
    flow.report(session, run, "pi-01", OK)
    flow.report(session, run, "pi-02", None)
    slices.end(session, part.slice_id, SliceState.LOST, "its worker died", NOW)
    again = retry(session, fleet.actor, flow.fresh(session, run), "", NOW)
    assert set(flow.hosts_of(session, again)) == {"pi-02", "pi-03"}
    assert len(flow.dispatched(session)) == 1


def test_there_is_nothing_to_retry_where_all_went_well(session: ScopedSession, fleet: Fleet, run: Run) -> None:
    flow.ended(session, run, {"pi-01": OK, "pi-02": OK, "pi-03": OK})
    with pytest.raises(ConflictError, match="nothing to retry"):
        retry(session, fleet.actor, flow.fresh(session, run), "", NOW)


def test_a_run_is_retried_when_it_is_over(session: ScopedSession, fleet: Fleet, run: Run) -> None:
    with pytest.raises(ConflictError, match="when it has ended"):
        retry(session, fleet.actor, run, "", NOW)
