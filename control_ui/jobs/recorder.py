"""Follows a slice's journal while Ansible writes it, and stores what it says.

The journal on disk is the buffer: a database that is away for minutes costs no memory and loses nothing, and Ansible
is never held up. What one process has not stored, another finds there (see recovery.py).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from itertools import islice
from pathlib import Path

import redis
from sqlalchemy.exc import DBAPIError

from control_ui.jobs.context import JobContext
from control_ui.jobs.recording import BATCH, Batch, SliceRecord, store
from control_ui.jobs.stopping import STOPPING
from control_ui.runner.artifacts import JOURNAL
from control_ui.runner.events import Event, from_document
from control_ui.services.runs import progress
from control_ui.services.runs.slices import Claimed

FLUSH_SECONDS = 0.5
AWAY_SECONDS = 2.0
"""Between two attempts while the database is away."""
PATIENCE_SECONDS = 15 * 60
"""For so long after Ansible's end a database that is away is waited for; then the reaper does the rest."""
REDIS_PAUSE_SECONDS = 5.0

log = logging.getLogger(__name__)


class NotRecordedError(RuntimeError):
    """The database could not be reached: the rest is in the private data directory."""


class Journal:
    """A journal that is being written, as far as it has been read."""

    def __init__(self, private_data_dir: Path) -> None:
        self._path = private_data_dir / JOURNAL
        self._offset = 0

    def read(self, most: int) -> list[Event]:
        """The next events, as far as they are there in whole lines."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            lines = [line for line in islice(file, most) if line.endswith(b"\n")]
        self._offset += sum(map(len, lines))
        return [from_document(json.loads(line)) for line in lines]


class Recorder:
    """Records one slice, in a thread of its own, from `start` to `finish`."""

    def __init__(self, here: JobContext, claimed: Claimed, record: SliceRecord, private_data_dir: Path) -> None:
        self._here = here
        self._claimed = claimed
        self._record = record
        self._journal = Journal(private_data_dir)
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._redis_from = 0.0
        self._thread = threading.Thread(target=self._run, name=f"recorder-{claimed.slice_id}")

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Ansible has ended: store the rest. Raises NotRecordedError, or whatever else kept it from being stored."""
        self._ended.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._follow()
            self._store(self._record.last())
            self._tell()
        except Exception as error:
            log.exception("slice %s is no longer recorded", self._claimed.slice_id)
            self._error = error

    def _follow(self) -> None:
        while True:
            ended = self._ended.is_set()
            events = self._journal.read(BATCH)
            if events:
                self._store(self._record.take(events))
                self._tell()
            elif ended:
                return
            if len(events) < BATCH:
                self._ended.wait(FLUSH_SECONDS)

    def _store(self, batch: Batch) -> None:
        away_since: float | None = None
        while True:
            try:
                store(self._here, self._claimed, batch)
            except DBAPIError as error:
                if away_since is None:
                    away_since = time.monotonic()
                    log.warning("slice %s waits for the database: %s", self._claimed.slice_id, error.orig)
                self._await_database(away_since, error)
            else:
                return

    def _await_database(self, away_since: float, error: DBAPIError) -> None:
        """While Ansible runs, for as long as it takes."""
        if not self._ended.is_set():
            self._ended.wait(AWAY_SECONDS)
        elif STOPPING.wait(AWAY_SECONDS) or time.monotonic() - away_since > PATIENCE_SECONDS:
            raise NotRecordedError("the database could not be reached; the rest is in the run's directory") from error

    def _tell(self) -> None:
        """Who looks on learns of it through Redis, if it is there."""
        if time.monotonic() < self._redis_from:
            return
        record, claimed = self._record, self._claimed
        try:
            progress.publish(self._here.redis, claimed.run_id, claimed.number, record.counts, record.task)
        except redis.RedisError as error:
            self._redis_from = time.monotonic() + REDIS_PAUSE_SECONDS
            log.warning("nobody is told of the progress of run %s: %s", claimed.run_id, error)
