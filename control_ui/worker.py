"""The workers of one machine: `python -m control_ui.worker`.

One process that starts and watches the others: a clock, a worker for short jobs, one for reports, CARWASH_LIVE_LOGS
workers that follow a log each, and CARWASH_RUN_WORKERS workers that do one slice of a run each and are then made anew.
Whatever of them ends (Redis was away, a slice was done) is started again. SIGTERM ends all within seconds: slices under
way are lost, with everything that had been reported. SIGKILL of this process ends them as well, and the next start
settles what is left.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from types import FrameType

import redis
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.worker import WorkerStatus

from control_ui.jobs import audit, clock, live_log, reporting, retention, slices
from control_ui.jobs.context import context
from control_ui.jobs.stopping import STOPPING
from control_ui.services.runs.catalogue import catalogue
from control_ui.settings import Settings, SettingsError
from control_ui.work_queue import CONTROL, LIVE_LOGS, REPORTS, RUNS

LOOK_SECONDS = 1.0
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 15.0
HEALTHY_SECONDS = 60.0
STOP_SECONDS = 25.0
"""For ending Ansible (10 s at worst), and storing what it had reported."""
REPORTS_PER_PROCESS = 20
PR_SET_PDEATHSIG = 1  # linux/prctl.h
PRELOADED = (audit, live_log, reporting, retention, slices)
"""Jobs are found by name: loaded before the fork, they are there at once."""

log = logging.getLogger(__name__)


class JobWorker(SimpleWorker):
    """Does its jobs in its own process: no child that would outlive it, and no Redis needed while a job runs."""

    max_connection_wait_time = 5.0

    def _install_signal_handlers(self) -> None:
        """SIGINT stays ignored: of a terminal, every process gets it, and the supervisor tells its children itself."""
        signal.signal(signal.SIGTERM, self.request_stop)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """End now: what the job at hand does takes notice of STOPPING."""
        STOPPING.set()
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested


@dataclass
class Child:
    """One process that is to be there always."""

    name: str
    work: Callable[[], None]
    process: ForkProcess | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    backoff_seconds: float = field(default=FIRST_BACKOFF_SECONDS)


def do_control() -> None:
    """Short jobs, one after the other."""
    _serve(CONTROL, most_jobs=None)


def do_reports() -> None:
    """A few, and then this process has done its part: a long report leaves much memory behind."""
    _serve(REPORTS, most_jobs=REPORTS_PER_PROCESS)


def do_runs() -> None:
    """One slice; then this process has done its part."""
    _serve(RUNS, most_jobs=1)


def do_live_logs() -> None:
    """Logs that somebody watches, one after the other."""
    _serve(LIVE_LOGS, most_jobs=None)


def _serve(queue: str, most_jobs: int | None) -> None:
    # The worker waits for minutes for an answer of Redis: a connection of its own, without the others' time limit.
    connection = redis.Redis.from_url(context().settings.redis_url)
    try:
        worker = JobWorker([Queue(queue, connection=connection)], connection=connection, log_job_description=False)
        worker.log_result_lifespan = False
        worker.work(max_jobs=most_jobs, logging_level="WARNING")
    except redis.RedisError as error:
        sys.exit(f"no work can be had while Redis is away: {error}")


class Supervisor:
    """Starts the children, and starts them again."""

    def __init__(self, run_workers: int, live_logs: int) -> None:
        self._forks = multiprocessing.get_context("fork")
        self._children = [Child("clock", clock.run), Child("control", do_control), Child("reports", do_reports)]
        self._children += [Child(f"runs-{number}", do_runs) for number in range(1, run_workers + 1)]
        self._children += [Child(f"live-log-{number}", do_live_logs) for number in range(1, live_logs + 1)]

    def run(self) -> None:
        """Until STOPPING is set."""
        while not STOPPING.is_set():
            now = time.monotonic()
            for child in self._children:
                if child.process is None and child.start_at <= now:
                    self._start(child, now)
            # A signal wakes it up too: the handler runs, and the wait goes on for the rest of a second at most.
            wait([child.process.sentinel for child in self._children if child.process], LOOK_SECONDS)
            self._look(time.monotonic())
        self._stop()

    def _start(self, child: Child, now: float) -> None:
        child.process = self._forks.Process(target=_be, args=(child.work, os.getpid()), name=child.name)
        child.process.start()
        child.started_at = now

    def _look(self, now: float) -> None:
        for child in self._children:
            if child.process is None or child.process.is_alive():
                continue
            code = child.process.exitcode
            child.process.close()
            child.process = None
            if code == 0 or now - child.started_at > HEALTHY_SECONDS:
                child.backoff_seconds = FIRST_BACKOFF_SECONDS
            if code == 0:
                child.start_at = now
                continue
            log.warning("%s ended with %s; it starts again in %s s", child.name, code, child.backoff_seconds)
            child.start_at = now + child.backoff_seconds
            child.backoff_seconds = min(2 * child.backoff_seconds, LONGEST_BACKOFF_SECONDS)

    def _stop(self) -> None:
        processes = [child.process for child in self._children if child.process is not None]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
        for process in processes:
            if process.is_alive():
                log.warning("%s does not end, and is killed", process.name)
                process.kill()
                process.join()


def _be(work: Callable[[], None], parent: int) -> None:
    """What a child does: `work`, for as long as its parent lives."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        return  # it died before the line above
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _be_told)
    work()


def _be_told(_number: int, _frame: FrameType | None) -> None:
    STOPPING.set()


def main() -> int:
    """Serve until SIGTERM. Returns the exit code: 1 where the environment does not make sense."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(processName)s %(name)s: %(message)s")
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        sys.stderr.write(f"control_ui: {error}\n")
        return 1
    catalogue.load(settings.repository)
    catalogue.tell_faults()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _be_told)
    Supervisor(settings.run_workers, settings.live_logs).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
