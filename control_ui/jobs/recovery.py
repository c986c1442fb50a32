"""Settles slices whose worker died: what they had reported is stored, and their devices are free again.

A slice is never begun a second time by itself. One whose journal shows that Ansible had come to its own end is
finished; any other is lost, and its hosts tell how far they were.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from control_ui.jobs.context import JobContext
from control_ui.jobs.recording import BATCH, SliceRecord, store
from control_ui.models.runs import SliceState
from control_ui.models.scope import Scope
from control_ui.runner.artifacts import discard, read_events
from control_ui.runner.events import Event
from control_ui.services.runs import reaper, slices
from control_ui.services.runs.slices import Claimed

_DIRECTORY = re.compile(r"(\d{1,18})-[0-9a-f]{8}")

log = logging.getLogger(__name__)


def reap(here: JobContext, now: datetime) -> int:
    """Settle what has been silent for too long; gives how many slices that were. Raises DBAPIError."""
    with here.session() as session:
        found = reaper.silent(session, now)
    count = 0
    for silent in found:
        directory = Path(silent.private_data_dir)
        # What another machine can read is left to it for a while.
        if directory.is_dir() or now - silent.heartbeat_at >= reaper.SILENCE + reaper.ELSEWHERE_GRACE:
            count += _settle(here, silent, directory, now)
    return count


def tidy(here: JobContext) -> None:
    """At start-up: store what slices left behind here that were given up in the meantime, and remove what is stored.
    Raises DBAPIError."""
    for directory in sorted(here.settings.runs_dir.glob("*-*")):
        named = _DIRECTORY.fullmatch(directory.name)
        with here.session() as session:
            found = reaper.left_behind(session, int(named[1]), str(directory)) if named else None
        if found is None:
            continue
        state, claimed = found
        if state == SliceState.LOST:
            if _recorded(here, claimed, directory) is None:
                continue
            with here.session(Scope(claimed.tenant_id)) as session:
                reaper.recount(session, claimed, datetime.now(UTC))
        discard(directory)


def _settle(here: JobContext, silent: reaper.Silent, directory: Path, now: datetime) -> bool:
    record = _recorded(here, silent.claimed, directory) if directory.is_dir() else None
    complete = record is not None and record.complete
    error = "" if complete else f"its worker {silent.worker} was not heard of for too long"
    with here.session(Scope(silent.claimed.tenant_id)) as session:
        state = SliceState.FINISHED if complete else SliceState.LOST
        settled = slices.end(session, silent.claimed.slice_id, state, error, now)
    if settled:
        log.warning("slice %s of run %s is %s: %s", silent.claimed.slice_id, silent.claimed.run_id, state, error)
    if record is not None and not _lives(silent.worker):
        discard(directory)
    return settled


def _recorded(here: JobContext, claimed: Claimed, directory: Path) -> SliceRecord | None:
    """Store everything that is in the directory. None where that cannot be: it stays, for a person to look at."""
    with here.session() as session:
        passwords = slices.camera_passwords(session, claimed.slice_id)
    record = SliceRecord(claimed, passwords.values())
    try:
        events = read_events(directory)
        for batch in _batches(events):
            store(here, claimed, record.take(batch))
        store(here, claimed, record.last())
    except DBAPIError:
        raise
    except Exception:  # whatever a worker left half written: of one slice, and no reason to leave the others unsettled
        log.exception("what slice %s left in %s cannot be read", claimed.slice_id, directory)
        return None
    return record


def _batches(events: Iterator[Event]) -> Iterator[list[Event]]:
    while batch := list(islice(events, BATCH)):
        yield batch


def _lives(worker: str) -> bool:
    """Whether it is a process of this machine that is still there, and may be writing."""
    host, _, pid = worker.rpartition(":")
    return host == socket.gethostname() and pid.isdecimal() and int(pid) != os.getpid() and Path("/proc", pid).exists()
