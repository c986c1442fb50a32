"""What it costs to keep a run: a whole slice, with its events in PostgreSQL, beside bare `ansible-playbook`.

And how many events a second a worker can keep.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.runs import HOSTS, LIMIT, ROUNDS, Fleet, bare, end_masters, loopback_fleet, measured
from bench.table import markdown
from control_ui import database
from control_ui.jobs.context import JobContext, make_context, using
from control_ui.jobs.recorder import Recorder
from control_ui.jobs.recording import SliceRecord
from control_ui.jobs.slices import INVENTORY, run_slice
from control_ui.models import Run
from control_ui.models.runs import RunState, SliceState
from control_ui.models.scope import ALL_TENANTS
from control_ui.runner.artifacts import Journal
from control_ui.runner.events import Event
from control_ui.services import actor
from control_ui.services.runs import dispatch, slices
from control_ui.services.runs.requests import RunRequest, request
from control_ui.settings import Settings
from tests.control_ui import factories
from tests.control_ui.conftest import SECRET_KEY
from tests.control_ui.servers import Postgres, Redis

EVENTS = 50_000
LEAST_EVENTS_PER_SECOND = 5_000
SCHEMA = '{"type": "object", "x-carwash": {"mutates": true, "supports_check": true, "slices": true}}'


@dataclass(frozen=True)
class Plane:
    """A control plane whose devices are the bench's hosts."""

    here: JobContext
    device_ids: list[int]

    def queued(self) -> list[int]:
        """Slices of a new run on all hosts: one."""
        now = datetime.now(UTC)
        with self.here.session() as session:
            wanted = RunRequest("look", {"device_ids": self.device_ids})
            request(session, actor.system("bench"), wanted, now)
            return dispatch.ready_slices(session, now, HOSTS)

    def states(self) -> set[RunState]:
        with self.here.session() as session:
            return {run.state for run in session.query(Run)}


def run() -> str:
    """Two tables."""
    with loopback_fleet() as fleet, control_plane(fleet) as plane:
        return f"{cost_of_a_slice(fleet, plane)}\n{ingestion(plane)}"


def cost_of_a_slice(fleet: Fleet, plane: Plane) -> str:
    """The same run both ways, taking turns."""
    rounds: list[tuple[float, float]] = []
    for number in range(ROUNDS + 1):
        plain = measured(lambda: bare(fleet)).wall
        end_masters()
        (slice_id,) = plane.queued()
        # The default binds this round's slice; mypy gives such a lambda no type.
        kept = measured(lambda slice_id=slice_id: run_slice(slice_id)).wall  # type: ignore[misc]  # mypy infers no default
        if number:  # the first warms caches
            rounds.append((plain, kept))
        print(f"    bare {plain:.1f} s, kept {kept:.1f} s", file=sys.stderr, flush=True)
    if plane.states() != {RunState.SUCCEEDED}:
        raise RuntimeError(f"runs did not succeed: {plane.states()}")
    plain, kept = (statistics.median(side) for side in zip(*rounds, strict=True))
    return markdown(
        "Keeping a run",
        ["way", "wall s", "ratio"],
        [
            ("ansible-playbook", f"{plain:.1f}", "1.00"),
            ("a slice, from claim to end", f"{kept:.1f}", f"{kept / plain:.2f}"),
        ],
        f"{HOSTS} hosts behind one loopback sshd, 3 tasks of one command; events and hosts in PostgreSQL on the same"
        f" machine. Medians of {ROUNDS} rounds, taking turns. Limit: ratio at most {LIMIT}.",
    )


def ingestion(plane: Plane) -> str:
    """From a journal on disk to rows: read, cleaned of every host's password, folded, stored."""
    rates = []
    for _ in range(ROUNDS):
        (slice_id,) = plane.queued()
        private = Path(tempfile.mkdtemp())
        now = datetime.now(UTC)
        with plane.here.session() as session:
            claimed = slices.claim(
                session, slice_id, worker="bench:1", private_data_dir="", token_sha256=f"{slice_id:064}", now=now
            )
            passwords = slices.camera_passwords(session, slice_id)
        if claimed is None:
            raise RuntimeError("the slice is gone")
        write_journal(private, claimed.hosts)
        recorder = Recorder(plane.here, claimed, SliceRecord(claimed, passwords.values()), private)
        started = time.monotonic()
        recorder.start()
        recorder.finish()
        rates.append(EVENTS / (time.monotonic() - started))
        shutil.rmtree(private)
        with plane.here.session() as session:
            slices.end(session, slice_id, SliceState.FINISHED, "", now)
        print(f"    {rates[-1]:,.0f} events/s", file=sys.stderr, flush=True)
    return markdown(
        "Event ingestion",
        ["events", "events/s"],
        [(f"{EVENTS:,}", f"{statistics.median(rates):,.0f}")],
        f"PostgreSQL on the same machine, {HOSTS} hosts. Median of {ROUNDS} rounds. Limit: at least"
        f" {LEAST_EVENTS_PER_SECOND:,}.",
    )


def write_journal(private: Path, hosts: tuple[str, ...]) -> None:
    """Events as a run of a command on every host has them."""
    journal, start = Journal(private), datetime.now(UTC)
    for number in range(EVENTS // 2):
        host = hosts[number % len(hosts)]
        for counter, kind in ((2 * number + 1, "runner_on_start"), (2 * number + 2, "runner_on_ok")):
            ended = kind == "runner_on_ok"
            journal.append(
                Event(
                    counter=counter,
                    created_at=start + timedelta(milliseconds=counter),
                    kind=kind,
                    uuid=f"{counter:036}",
                    host=host,
                    play="Look",
                    task=f"Look {number // len(hosts)}",
                    outcome="ok" if ended else None,
                    stdout=f"ok: [{host}]" if ended else "",
                    duration_seconds=0.4 if ended else None,
                    result={"rc": 0, "stdout": "here\n", "stderr": "", "changed": False} if ended else {},
                )
            )
    journal.close()


@contextmanager
def control_plane(fleet: Fleet) -> Iterator[Plane]:
    """A PostgreSQL and a Redis of its own, and the fleet's project as its checkout."""
    (fleet.directory / "playbooks" / "look.schema.json").write_text(SCHEMA)
    (fleet.directory / "inventory").unlink()
    (fleet.directory / INVENTORY).mkdir(parents=True)
    (fleet.directory / INVENTORY / "hosts.json").symlink_to(fleet.inventory)
    postgres, redis = Postgres(), Redis()
    try:
        postgres.execute("CREATE DATABASE bench")
        database.upgrade(postgres.url("bench"))
        here = make_context(settings(fleet, postgres, redis))
        shutil.copy(fleet.directory / "client_key", _made(here.settings.ssh_key_dir) / "default")
        with using(here), here.session(ALL_TENANTS) as session:
            tenant = factories.tenant(session)
            devices = [factories.device(session, tenant, host) for host in fleet.hosts]
            session.commit()
            yield Plane(here, [device.id for device in devices])
        here.close()
    finally:
        postgres.stop()
        redis.stop()


def settings(fleet: Fleet, postgres: Postgres, redis: Redis) -> Settings:
    return Settings.from_environment(
        os.environ
        | {
            "DATABASE_URL": postgres.url("bench"),
            "REDIS_URL": redis.url,
            "SECRET_KEY": SECRET_KEY,
            "CARWASH_INSTANCE_DIR": str(fleet.directory / "instance"),
            "CARWASH_REPOSITORY": str(fleet.directory),
        }
    )


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory


if __name__ == "__main__":
    print(run())
