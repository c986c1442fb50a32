"""A slice, done by a worker: real Ansible on hosts that are this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from control_ui.jobs import heart, recorder
from control_ui.jobs import slices as job
from control_ui.jobs.context import JobContext, make_context, using
from control_ui.jobs.stopping import STOPPING
from control_ui.models import AuditEntry, DeviceLock, Run, RunEvent
from control_ui.models.runs import Decision, HostOutcome, HostProgress, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.runner.ansible import Outcome, RunStatus
from control_ui.runner.request import PlaybookRequest
from control_ui.services.runs import approvals, progress, slices
from control_ui.services.runs.cancel import cancel
from control_ui.services.runs.requests import RunRequest, request
from control_ui.services.runs.slices import Claimed
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet, make_fleet
from tests.control_ui.servers import free_port
from tests.pi_service.waiting import wait_for

Ask = Callable[..., Run]
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def go_on() -> Iterator[None]:
    """No worker of these tests is told to stop, but by its test; and each looks often whether it is to end."""
    STOPPING.clear()
    yield
    STOPPING.clear()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for in these tests comes soon."""
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.1)
    for module, name in ((recorder, "FLUSH_SECONDS"), (recorder, "AWAY_SECONDS"), (job, "RETRY_SECONDS")):
        monkeypatch.setattr(module, name, 0.05)


@pytest.fixture
def ask(session: ScopedSession, fleet: Fleet, tmp_path: Path) -> Ask:
    """Asks for a run of `playbook` in `tmp_path`."""

    def of(playbook: str, *names: str, asker: Fleet = fleet, **values: Any) -> Run:
        variables = {} if playbook == "look" else {"directory": str(tmp_path)}
        wanted = RunRequest(playbook, {"device_ids": asker.ids(*names)}, variables, **values)
        return request(session, asker.actor, wanted, NOW)

    return of


def done(session: ScopedSession, run: Run) -> Run:
    """The run, after a worker has taken all of its slices."""
    for slice_id in flow.dispatched(session):
        job.run_slice(slice_id)
    return flow.fresh(session, run)


def started(session: ScopedSession, run: Run) -> threading.Thread:
    """A worker that has brought every host of the run to the task that waits."""
    (slice_id,) = flow.dispatched(session)
    waiting = flow.hosts_of(session, run)
    session.rollback()
    worker = threading.Thread(target=job.run_slice, args=(slice_id,))
    worker.start()

    def all_wait() -> bool:
        query = sa.select(sa.func.count(RunEvent.counter)).where(
            RunEvent.run_id == run.id, RunEvent.kind == "runner_on_start", RunEvent.task == "Wait to be let go"
        )
        found = session.scalars(query).one()
        session.rollback()  # SQLite has one writer: who only looks must let go
        return found == len(waiting)

    wait_for("every host to wait", all_wait)
    return worker


def leftovers() -> list[str]:
    """Processes of Ansible that this one has started."""
    lines = [" ".join(process.cmdline()) for process in psutil.Process().children(recursive=True)]
    return [line for line in lines if "ansible" in line]


def pretend(monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
    """Have every run of Ansible come to this."""

    def run(wanted: PlaybookRequest, *_: object) -> Outcome:
        wanted.private_data_dir.mkdir(parents=True)
        return outcome

    monkeypatch.setattr(job, "run_playbook", run)


def test_every_host_gets_its_outcome_and_everything_is_stored(
    here: JobContext, session: ScopedSession, tmp_path: Path, ask: Ask
) -> None:
    fleet = make_fleet(session, "pi-05", "bad-1", "gone-1")
    run = done(session, ask("change", asker=fleet))
    hosts = flow.hosts_of(session, run)
    assert {name: host.outcome for name, host in hosts.items()} == {
        "pi-05": HostOutcome.CHANGED,
        "bad-1": HostOutcome.FAILED,
        "gone-1": HostOutcome.UNREACHABLE,
    }
    assert (run.state, run.counts) == (RunState.PARTIAL, {"changed": 1, "failed": 1, "unreachable": 1, "total": 3})
    assert (tmp_path / "pi-05").read_text() == "new\n"
    assert hosts["pi-05"].diffs[0]["after"] == "new\n"
    assert hosts["bad-1"].message == "Fail where it is bad: no camera at rtsp://viewer:***@192.0.2.10/"
    assert "hunter22" not in str([event.stdout for event in session.scalars(sa.select(RunEvent))])
    assert session.scalars(sa.select(DeviceLock)).all() == []
    (part,) = flow.parts(session, run)
    assert (part.state, part.exit_code, part.inventory_token_sha256) == (SliceState.FINISHED, 4, None)
    assert list(here.settings.runs_dir.iterdir()) == []


@on_sqlite
def test_who_looks_on_is_told(here: JobContext, session: ScopedSession, ask: Ask) -> None:
    run = done(session, ask("look"))
    told = progress._told(here.redis, run.id)
    assert told[1]["counts"] == {"ok": 3}


@on_sqlite
def test_the_workers_are_woken_for_what_comes_next(here: JobContext, session: ScopedSession, ask: Ask) -> None:
    done(session, ask("look"))
    jobs = [here.redis.hget(f"rq:job:{name.decode()}", "description") for name in _queued(here)]
    assert jobs == [b"control_ui.jobs.deployments.advance()", b"control_ui.jobs.dispatch.dispatch()"]


def _queued(here: JobContext) -> list[bytes]:
    return list(here.redis.lrange("rq:queue:control", 0, -1))


def test_a_slice_that_comes_twice_is_done_once(here: JobContext, session: ScopedSession, ask: Ask) -> None:
    run = ask("look")
    (slice_id,) = flow.dispatched(session)
    for _ in range(2):
        job.run_slice(slice_id)
    assert session.scalars(sa.select(sa.func.count(AuditEntry.id)).where(AuditEntry.action == "run.finish")).one() == 1
    assert flow.fresh(session, run).state == RunState.SUCCEEDED


@on_sqlite
def test_hosts_that_no_play_is_for_are_skipped(here: JobContext, session: ScopedSession, ask: Ask) -> None:
    run = done(session, ask("look", asker=make_fleet(session, "pi-05", "bad-1")))
    assert flow.host_of(session, run, "bad-1").outcome == HostOutcome.SKIPPED
    assert run.state == RunState.SUCCEEDED


@on_sqlite
def test_a_host_that_is_not_in_the_inventory_is_told(here: JobContext, session: ScopedSession, ask: Ask) -> None:
    run = done(session, ask("look", asker=make_fleet(session, "pi-99")))
    assert run.state == RunState.FAILED
    assert "pi-99" in run.error


@on_sqlite
def test_without_a_private_key_nothing_is_begun(here: JobContext, session: ScopedSession, ask: Ask) -> None:
    (here.settings.ssh_key_dir / "default").unlink()
    run = done(session, ask("look"))
    assert run.state == RunState.FAILED
    assert "put one at" in run.error


@on_sqlite
def test_a_private_key_that_others_can_read_is_not_used(here: JobContext, session: ScopedSession, ask: Ask) -> None:
    (here.settings.ssh_key_dir / "default").chmod(0o644)
    assert "chmod 600" in done(session, ask("look")).error


@on_sqlite
def test_a_playbook_that_has_gone_meanwhile_is_told(
    here: JobContext, session: ScopedSession, ask: Ask, tmp_path: Path
) -> None:
    elsewhere = dataclasses.replace(here, settings=dataclasses.replace(here.settings, repository=tmp_path))
    with using(elsewhere):
        assert "there is no playbook 'look'" in done(session, ask("look")).error


@on_sqlite
def test_a_run_that_ansible_cannot_even_begin_says_why(
    here: JobContext, session: ScopedSession, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "no such thing as rtsp://viewer:hunter22@192.0.2.10/"
    pretend(monkeypatch, Outcome(RunStatus.FAILED, 250, words))
    run = done(session, ask("look"))
    assert (run.state, run.error) == (RunState.FAILED, "no such thing as rtsp://viewer:***@192.0.2.10/")


@on_sqlite
def test_a_run_that_takes_too_long_says_so(
    here: JobContext, session: ScopedSession, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "LONGEST_RUN_SECONDS", 2)
    run = done(session, ask("hang"))
    assert (run.state, run.counts) == (RunState.FAILED, {"interrupted": 3, "total": 3})
    assert "it was ended after" in run.error


@on_sqlite
def test_what_could_not_be_written_down_is_told(
    here: JobContext, session: ScopedSession, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, Outcome(RunStatus.CANCELED, 0, recording_error=OSError("no space left on device")))
    assert "not everything could be recorded: no space left" in done(session, ask("look")).error


@on_sqlite
def test_the_inventory_opens_to_this_slice_by_a_token_of_which_the_hash_is_known(
    here: JobContext, session: ScopedSession, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[PlaybookRequest, str | None]] = []
    run = ask("change", check_mode=True, forks=7)

    def note(wanted: PlaybookRequest, *_: object) -> Outcome:
        wanted.private_data_dir.mkdir(parents=True)
        seen.append((wanted, flow.parts(session, run)[0].inventory_token_sha256))
        session.rollback()
        return Outcome(RunStatus.SUCCESSFUL, 0)

    monkeypatch.setattr(job, "run_playbook", note)
    done(session, run)
    ((wanted, stored),) = seen
    environment = wanted.environment
    assert hashlib.sha256(environment["CARWASH_INVENTORY_TOKEN"].encode()).hexdigest() == stored
    assert environment["CARWASH_CONTROL_URL"] == here.settings.public_url
    assert Path(environment["CARWASH_KNOWN_HOSTS"]).parent == wanted.private_data_dir
    assert (wanted.check, wanted.diff, wanted.forks, wanted.hosts) == (True, True, 7, ("pi-01", "pi-02", "pi-03"))


@on_sqlite
def test_a_tenant_s_own_key_goes_before_the_one_for_all(here: JobContext, session: ScopedSession, fleet: Fleet) -> None:
    own = here.settings.ssh_key_dir / fleet.tenant.slug
    own.touch(mode=0o600)
    assert job._ssh_key_file(here.settings.ssh_key_dir, fleet.tenant.slug) == own
    assert job._ssh_key_file(here.settings.ssh_key_dir, "another").name == "default"


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
    store, end = recorder.store, slices.end

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


@on_postgresql
def test_four_eyes_from_the_request_to_the_change(
    here: JobContext, session: ScopedSession, careful: Fleet, ask: Ask, tmp_path: Path
) -> None:
    (tmp_path / "pi-01").write_text("old\n")
    run = ask("change", "pi-01", asker=careful)
    check = session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).one()
    assert done(session, check).state == RunState.SUCCEEDED
    (diff,) = flow.host_of(session, check, "pi-01").diffs
    assert (diff["before"], diff["after"]) == ("old\n", "new\n")
    assert (tmp_path / "pi-01").read_text() == "old\n"
    run = flow.fresh(session, run)
    assert run.diff_sha256 is not None
    approvals.decide(session, careful.other, run.id, Decision.APPROVED, run.diff_sha256, "fine", NOW)
    assert done(session, run).state == RunState.SUCCEEDED
    assert (tmp_path / "pi-01").read_text() == "new\n"


@on_postgresql
def test_an_approved_run_whose_inputs_have_changed_changes_nothing(
    here: JobContext, session: ScopedSession, careful: Fleet, ask: Ask, tmp_path: Path
) -> None:
    run = ask("change", "pi-01", asker=careful)
    done(session, session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).one())
    run = flow.fresh(session, run)
    approvals.decide(session, careful.other, run.id, Decision.APPROVED, str(run.diff_sha256), "fine", NOW)
    careful.devices[0].camera_port = 8554
    session.commit()
    run = done(session, run)
    assert (run.state, run.error) == (
        RunState.FAILED,
        "what this run depends on has changed since it was approved: pi-01",
    )
    assert not (tmp_path / "pi-01").exists()
