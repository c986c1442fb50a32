"""The worker as real processes, and what becomes of a run when one of its parts is killed in the middle."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
import sqlalchemy as sa

from control_ui.models import DeviceLock
from control_ui.models.runs import RunState
from control_ui.services.runs import retries
from control_ui.services.runs.catalogue import catalogue
from control_ui.settings import REPOSITORY
from tests.control_ui.conftest import NOW, SECRET_KEY
from tests.control_ui.runs.conftest import PROJECT
from tests.control_ui.runs.plane import Plane, gone
from tests.control_ui.servers import Postgres, free_port, wait_until
from tests.pi_service.waiting import wait_for

WHOLE = {"changed": 3, "total": 3}


@pytest.fixture(scope="module", autouse=True)
def _playbooks_of_the_tests() -> Iterator[None]:
    catalogue.load(PROJECT)
    yield
    catalogue.load(REPOSITORY)


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """One that may be killed."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def whole_plane(own_postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    plane = Plane(tmp_path_factory.mktemp("plane"), own_postgres)
    yield plane
    plane.close()


@pytest.fixture
def plane(whole_plane: Plane) -> Plane:
    """With a worker that runs."""
    whole_plane.worker()
    return whole_plane


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Plane]:
    """The same on SQLite."""
    plane = Plane(tmp_path, None)
    plane.worker()
    yield plane
    plane.close()


def nothing_is_held(plane: Plane) -> bool:
    with plane.session() as session:
        held = session.scalars(sa.select(DeviceLock)).all()
    return held == [] and plane.running() == 0


def retried(plane: Plane, run_id: int) -> int:
    """The retry of a run that has ended."""
    run = plane.run(run_id)
    with plane.session() as session:
        return retries.retry(session, plane.fleet.actor, run, "once more", NOW).id


def five_below(worker: psutil.Process) -> list[psutil.Process] | None:
    """Clock, short jobs, reports, runs, live logs; None unless all are there."""
    found = worker.children()
    return found if len(found) == 5 else None


def counters(plane: Plane, run_id: int) -> list[int]:
    return [counter for counter, _, _ in plane.events(run_id)]


def test_redis_is_killed_in_the_middle_of_a_run(plane: Plane) -> None:
    """The run does not notice. What is asked for meanwhile is done when Redis is back."""
    run_id = plane.hang()
    plane.redis.kill()
    try:
        plane.go.touch()
        assert plane.ended(run_id).counts == WHOLE
        meanwhile = plane.ask("look")
    finally:
        plane.redis.start()
    assert plane.ended(meanwhile).state == RunState.SUCCEEDED
    assert nothing_is_held(plane)


def test_redis_forgets_everything(plane: Plane) -> None:
    """A slice that waited for its turn is found in the database."""
    first = plane.hang()
    second = plane.ask("look")  # the one worker for runs is busy
    client = redis.Redis.from_url(plane.redis.url)
    client.flushall()
    client.close()
    plane.go.touch()
    assert plane.ended(first).counts == WHOLE
    assert plane.ended(second).state == RunState.SUCCEEDED


def test_postgresql_is_killed_in_the_middle_of_a_run(plane: Plane, own_postgres: Postgres) -> None:
    """The run goes on, and everything that happened while it was away is stored when it is back."""
    run_id = plane.hang()
    journal = plane.journal(run_id)
    own_postgres.kill()
    try:
        plane.go.touch()
        wait_for("Ansible to end", lambda: "playbook_on_stats" in journal.read_text())
        told = [json.loads(line)["counter"] for line in journal.read_text().splitlines()]
    finally:
        # It refuses to start while a process of the old one is still about to end.
        wait_until(own_postgres.start, "PostgreSQL", (subprocess.CalledProcessError,))
    assert (plane.ended(run_id).state, plane.run(run_id).counts) == (RunState.SUCCEEDED, WHOLE)
    assert counters(plane, run_id) == told
    assert nothing_is_held(plane)
    assert plane.ended(plane.ask("look")).state == RunState.SUCCEEDED


def kill_the_worker_and_retry(plane: Plane) -> None:
    """Ansible ends with it. The next worker settles what is left, and a retry does the rest."""
    run_id = plane.hang()
    told = [json.loads(line)["counter"] for line in plane.journal(run_id).read_text().splitlines()]
    below = plane.end_worker(signal.SIGKILL)
    assert len(below) > 5, "the five processes of the worker, Ansible's supervisor, Ansible, and its forks"
    wait_for("everything below the worker to end", lambda: gone(below))
    plane.worker()
    lost = plane.ended(run_id)
    assert (lost.state, lost.counts) == (RunState.LOST, {"interrupted": 3, "total": 3})
    assert set(told) <= set(counters(plane, run_id))
    assert nothing_is_held(plane)
    plane.go.touch()
    assert plane.ended(retried(plane, run_id)).counts == WHOLE


def test_the_worker_is_killed_in_the_middle_of_a_run(plane: Plane) -> None:
    kill_the_worker_and_retry(plane)


def test_the_worker_is_killed_in_the_middle_of_a_run_on_sqlite(embedded: Plane) -> None:
    kill_the_worker_and_retry(embedded)


def test_the_worker_is_told_to_stop_in_the_middle_of_a_run(plane: Plane) -> None:
    run_id = plane.hang()
    below = plane.end_worker(signal.SIGTERM)
    assert gone(below)
    stopped = plane.run(run_id)
    assert (stopped.state, stopped.error) == (RunState.LOST, "its worker was stopped")
    assert stopped.counts == {"interrupted": 3, "total": 3}
    assert nothing_is_held(plane)


def test_a_process_of_the_worker_that_dies_is_started_again(plane: Plane) -> None:
    worker = plane.worker()
    children = wait_for("the worker's processes", lambda: five_below(worker))
    for child in children:
        child.kill()
    wait_for("five new ones", lambda: not set(five_below(worker) or children) & set(children))
    assert plane.ended(plane.ask("look")).state == RunState.SUCCEEDED


def test_without_what_it_needs_the_worker_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "control_ui.worker"], cwd=REPOSITORY, env={}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "SECRET_KEY is not set" in done.stderr


def test_a_playbook_that_cannot_be_run_is_told_when_the_worker_starts(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "playbooks", tmp_path / "playbooks")
    (tmp_path / "playbooks" / "look.schema.json").write_text("{")
    environment = {
        "SECRET_KEY": SECRET_KEY,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "CARWASH_INSTANCE_DIR": str(tmp_path / "instance"),
        "CARWASH_REPOSITORY": str(tmp_path),
    }
    command = [sys.executable, "-m", "control_ui.worker"]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        told = worker.stderr.readline()
        worker.terminate()
        worker.communicate(timeout=60)
    assert "ERROR" in told
    assert "look.schema.json does not describe its playbook" in told
