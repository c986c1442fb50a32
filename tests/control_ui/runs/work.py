"""Has slices done in this process, as a worker would: real Ansible on hosts that are this machine."""

from __future__ import annotations

import threading

import psutil
import pytest
import sqlalchemy as sa

from control_ui.jobs import slices as job
from control_ui.models import Run, RunEvent
from control_ui.models.scope import ScopedSession
from control_ui.runner.ansible import Outcome
from control_ui.runner.request import PlaybookRequest
from tests.control_ui.runs import flow
from tests.pi_service.waiting import wait_for

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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
