"""A slice, done by a worker: real Ansible on hosts that are this machine."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from rq import Queue

from control_ui.jobs import slices as job
from control_ui.jobs.context import JobContext, using
from control_ui.jobs.ssh_key_files import ssh_key_file
from control_ui.models import AuditEntry, DeviceLock, RunEvent
from control_ui.models.runs import HostOutcome, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.runner.ansible import Outcome, RunStatus
from control_ui.runner.request import PlaybookRequest
from control_ui.services.runs import progress
from control_ui.work_queue import ADVANCE_DEPLOYMENTS, CONTROL, DISPATCH
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Ask, Fleet, make_fleet
from tests.control_ui.runs.work import done, on_sqlite, pretend


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
    jobs = Queue(CONTROL, connection=here.redis).get_jobs()
    assert [one.func_name for one in jobs] == [ADVANCE_DEPLOYMENTS, DISPATCH]


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
    assert ssh_key_file(here.settings.ssh_key_dir, fleet.tenant.slug) == own
    assert ssh_key_file(here.settings.ssh_key_dir, "another").name == "default"
