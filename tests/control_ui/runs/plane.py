"""A control plane of real processes: a database, Redis, and a worker, each of which can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from control_ui import database
from control_ui.models import HostResult, Run, RunEvent, RunSlice
from control_ui.models.runs import HostProgress, RunState
from control_ui.models.scope import ALL_TENANTS, ScopedSession, open_session, session_factory
from control_ui.models.secrets import keyring
from control_ui.services.runs.requests import RunRequest, request
from control_ui.settings import REPOSITORY, Settings
from tests.control_ui.conftest import NOW, SECRET_KEY
from tests.control_ui.runs.conftest import PROJECT, Fleet, make_fleet
from tests.control_ui.servers import Postgres, Redis
from tests.pi_service.waiting import wait_for

RETURN_SECONDS = 60.0
"""So long after what was killed has returned, nothing is stuck any more."""


class Plane:
    """The parts, on SQLite where there is no `postgres`; the worker is started when a test asks for it."""

    def __init__(self, directory: Path, postgres: Postgres | None) -> None:
        self.directory = directory
        self.redis = Redis()
        self.environment = {
            "DATABASE_URL": f"sqlite:///{directory / 'control.db'}" if postgres is None else postgres.url(),
            "REDIS_URL": self.redis.url,
            "SECRET_KEY": SECRET_KEY,
            "CARWASH_INSTANCE_DIR": str(directory / "instance"),
            "CARWASH_REPOSITORY": str(PROJECT),
            "CARWASH_RUN_WORKERS": "1",
            "CARWASH_LIVE_LOGS": "1",
        }
        self.settings = Settings.from_environment(self.environment)
        keyring.load(self.settings.encryption_keys)
        database.upgrade(self.settings.database_url)
        self.settings.ssh_key_dir.mkdir(parents=True)
        (self.settings.ssh_key_dir / "default").touch(mode=0o600)
        self._engine = database.make_engine(self.settings.database_url)
        self._sessions = session_factory(self._engine)
        with self.session() as session:
            self.fleet: Fleet = make_fleet(session, "pi-01", "pi-02", "pi-03")
        self._worker: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def session(self) -> Iterator[ScopedSession]:
        with open_session(self._sessions, ALL_TENANTS) as session:
            yield session

    @property
    def go(self) -> Path:
        """What the hosts of the playbook `hang` wait for."""
        return self.directory / "go"

    def worker(self) -> psutil.Process:
        """The worker, started if need be."""
        if self._worker is None or self._worker.poll() is not None:
            with (self.directory / "worker.log").open("ab") as log:
                self._worker = subprocess.Popen(
                    [sys.executable, "-m", "control_ui.worker"],
                    env=os.environ | self.environment,
                    cwd=REPOSITORY,
                    stdin=subprocess.DEVNULL,
                    stderr=log,
                    stdout=log,
                )
        return psutil.Process(self._worker.pid)

    def end_worker(self, number: signal.Signals) -> list[psutil.Process]:
        """Send the worker's first process a signal, and wait until it is gone. Gives who was below it."""
        assert self._worker is not None
        below = psutil.Process(self._worker.pid).children(recursive=True)
        self._worker.send_signal(number)
        self._worker.wait(60)
        return below

    def ask(self, playbook: str, **variables: Any) -> int:
        """A run on all devices."""
        with self.session() as session:
            wanted = RunRequest(playbook, {"device_ids": self.fleet.ids()}, variables)
            return request(session, self.fleet.actor, wanted, NOW).id

    def hang(self) -> int:
        """A run whose hosts all wait, as the database knows."""
        self.go.unlink(missing_ok=True)
        run_id = self.ask("hang", directory=str(self.directory))
        wait_for("all hosts to wait", lambda: self._waiting_hosts(run_id) == len(self.fleet.devices))
        return run_id

    def run(self, run_id: int) -> Run:
        with self.session() as session:
            return session.get_one(Run, run_id)

    def ended(self, run_id: int, seconds: float = RETURN_SECONDS) -> Run:
        """The run, once it has ended."""

        def look() -> Run | None:
            run = self.run(run_id)
            return run if run.finished_at is not None else None

        return wait_for(f"run {run_id} to end", self._if_there(look), seconds)

    def running(self) -> int:
        """How many runs and hosts seem to be worked on."""
        with self.session() as session:
            runs = session.scalars(sa.select(sa.func.count(Run.id)).where(Run.state == RunState.RUNNING)).one()
            at_work = HostResult.progress == HostProgress.IN_FLIGHT
            return runs + session.scalars(sa.select(sa.func.count(HostResult.id)).where(at_work)).one()

    def events(self, run_id: int) -> list[tuple[int, str, str | None]]:
        """Counter, kind and host of what is stored."""
        query = sa.select(RunEvent.counter, RunEvent.kind, RunEvent.host).where(RunEvent.run_id == run_id)
        with self.session() as session:
            return [(counter, kind, host) for counter, kind, host in session.execute(query.order_by(RunEvent.counter))]

    def journal(self, run_id: int) -> Path:
        """Where the worker of the run's only slice writes what it hears."""
        with self.session() as session:
            part = session.scalars(sa.select(RunSlice).where(RunSlice.run_id == run_id)).one()
            return Path(part.private_data_dir) / "events.jsonl"

    def close(self) -> None:
        if self._worker is not None and self._worker.poll() is None:
            self._worker.kill()
            self._worker.wait()
        self._engine.dispose()
        self.redis.stop()

    def _waiting_hosts(self, run_id: int) -> int:
        query = sa.select(sa.func.count()).select_from(RunEvent).where(
            RunEvent.run_id == run_id, RunEvent.kind == "runner_on_start", RunEvent.task == "Wait to be let go"
        )  # fmt: skip
        with self.session() as session:
            return session.scalars(query).one()

    @staticmethod
    def _if_there(look: Callable[[], Run | None]) -> Callable[[], Run | None]:
        """The same, while the database may be away."""

        def careful() -> Run | None:
            try:
                return look()
            except OperationalError:
                return None

        return careful


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them is there any more; a zombie is not."""
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
