"""Does one slice of a run: Ansible on its hosts, with every event recorded.

A slice is done once or not at all. Its worker may be killed at any moment: Ansible ends with it, the reaper settles
what is left (recovery.py). SIGTERM ends it within seconds; it is then lost, with everything that had been reported.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from control_ui.jobs.context import JobContext, context
from control_ui.jobs.heart import Heart, Why
from control_ui.jobs.recorder import PATIENCE_SECONDS, NotRecordedError, Recorder
from control_ui.jobs.recording import SliceRecord
from control_ui.jobs.ssh_key_files import ssh_key_file
from control_ui.jobs.stopping import STOPPING
from control_ui.models.runs import SliceState
from control_ui.models.scope import Scope, ScopedSession
from control_ui.runner.ansible import Outcome, RunStatus, run_playbook
from control_ui.runner.artifacts import discard
from control_ui.runner.request import PlaybookRequest, RequestError
from control_ui.runner.ssh_keys import KeyFileError
from control_ui.services.runs import slices
from control_ui.services.runs.revision import revision
from control_ui.services.runs.slices import Claimed
from control_ui.work_queue import ADVANCE_DEPLOYMENTS, DISPATCH

INVENTORY = "inventory/control_plane"
LONGEST_RUN_SECONDS = 6 * 3600
RETRY_SECONDS = 2.0

log = logging.getLogger(__name__)
Result = TypeVar("Result")


def run_slice(slice_id: int) -> None:
    """Do this slice, if it is still to be done."""
    if STOPPING.is_set():
        return  # it stays queued, and another worker is told of it
    here = context()
    token = secrets.token_urlsafe(32)
    private = here.settings.runs_dir / f"{slice_id}-{secrets.token_hex(4)}"
    worker = f"{socket.gethostname()}:{os.getpid()}"
    with here.session() as session:
        claimed = slices.claim(
            session,
            slice_id,
            worker=worker,
            private_data_dir=str(private),
            token_sha256=hashlib.sha256(token.encode()).hexdigest(),
            now=datetime.now(UTC),
        )
    if claimed is None:
        log.info("slice %s is not to be done any more", slice_id)
        return
    with Heart(here, claimed, worker) as heart:
        _SliceWork(here, claimed, heart, private, token).do()
    here.work.wake(ADVANCE_DEPLOYMENTS)
    here.work.wake(DISPATCH)


class _SliceWork:
    """A claimed slice, from its beginning to its end."""

    def __init__(self, here: JobContext, claimed: Claimed, heart: Heart, private: Path, token: str) -> None:
        self._here = here
        self._claimed = claimed
        self._heart = heart
        self._private = private
        self._token = token

    def do(self) -> None:
        try:
            request = self._request()
            objection = self._with_database(self._prepare)
            if objection is not None:
                self._end(SliceState.FINISHED, objection)
                return
            passwords = self._with_database(lambda session: slices.camera_passwords(session, self._claimed.slice_id))
            self._run(request, SliceRecord(self._claimed, passwords.values()))
        except (RequestError, KeyFileError) as error:
            self._end(SliceState.FINISHED, str(error))
        except NotRecordedError:
            log.exception(
                "slice %s is left to the reaper, with everything in %s", self._claimed.slice_id, self._private
            )
        except Exception as error:
            log.exception("slice %s failed in a way nobody has thought of", self._claimed.slice_id)
            self._end(SliceState.LOST, f"the worker failed: {type(error).__name__}; its log has the rest")
            raise

    def _prepare(self, session: ScopedSession) -> str | None:
        return slices.prepare(session, self._claimed, revision(self._here.settings.repository))

    def _run(self, request: PlaybookRequest, record: SliceRecord) -> None:
        recorder = Recorder(self._here, self._claimed, record, self._private)
        recorder.start()
        try:
            # The recorder follows the journal: nobody needs to be told of an event.
            outcome = run_playbook(request, lambda _event: None, lambda: self._heart.why_end is not None)
        finally:
            recorder.finish()
        state, error = _ending(outcome, record, self._heart.why_end)
        self._end(state, error, outcome.return_code)
        discard(self._private)

    def _request(self) -> PlaybookRequest:
        settings, claimed = self._here.settings, self._claimed
        return PlaybookRequest(
            repository=settings.repository,
            playbook=claimed.playbook,
            inventory=settings.repository / INVENTORY,
            hosts=claimed.hosts,
            private_data_dir=self._private,
            timeout_seconds=LONGEST_RUN_SECONDS,
            extra_variables=claimed.variables,
            check=claimed.check_mode,
            diff=claimed.diff,
            forks=claimed.forks,
            ssh_key_file=ssh_key_file(settings.ssh_key_dir, claimed.tenant_slug),
            environment={
                "CARWASH_CONTROL_URL": settings.public_url,
                "CARWASH_INVENTORY_TOKEN": self._token,
                "CARWASH_KNOWN_HOSTS": str(self._private / "known_hosts"),
            },
        )

    def _end(self, state: SliceState, error: str, exit_code: int | None = None) -> None:
        ended = self._with_database(
            lambda session: slices.end(session, self._claimed.slice_id, state, error, datetime.now(UTC), exit_code)
        )
        if not ended:
            log.warning("slice %s was ended by somebody else", self._claimed.slice_id)

    def _with_database(self, work: Callable[[ScopedSession], Result]) -> Result:
        """Do it once the database is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with self._here.session(Scope(self._claimed.tenant_id)) as session:
                    return work(session)
            except DBAPIError as error:
                log.warning("slice %s waits for the database: %s", self._claimed.slice_id, error.orig)
                if STOPPING.wait(RETRY_SECONDS) or time.monotonic() > deadline:
                    raise NotRecordedError("the database could not be reached") from error


def _ending(outcome: Outcome, record: SliceRecord, why_end: Why | None) -> tuple[SliceState, str]:
    """How the slice ended, and why, where its hosts do not say so themselves."""
    words = ""
    if outcome.recording_error is not None:
        words = f"not everything could be recorded: {outcome.recording_error}"
    if outcome.status == RunStatus.CANCELED:
        canceled = why_end in (Why.CANCELED, None)
        return (SliceState.CANCELED, words) if canceled else (SliceState.LOST, str(why_end))
    if outcome.status == RunStatus.TIMEOUT:
        return SliceState.FINISHED, f"it was ended after {LONGEST_RUN_SECONDS // 3600} hours"
    if not record.complete:
        words = outcome.error or f"ansible-playbook ended with {outcome.return_code}, without a word"
    return SliceState.FINISHED, record.clean(words)
