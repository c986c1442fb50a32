"""Runs one playbook through ansible-runner, which is untyped: all that the project knows of it is in this module."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from queue import Empty, SimpleQueue
from typing import Any

from ansible_runner.config.runner import RunnerConfig
from ansible_runner.runner import Runner

from control_ui.runner import supervisor
from control_ui.runner.artifacts import IDENT, Journal
from control_ui.runner.command import command, environment
from control_ui.runner.events import Event, from_runner
from control_ui.runner.request import PlaybookRequest
from control_ui.runner.trimming import fit_text
from control_ui.runner.workspace import Workspace, workspace

POLL_SECONDS = 1.0
# The supervisor takes a few seconds to end what does not want to end. If it does not manage, ansible-runner kills it.
KILL_AFTER_SECONDS = supervisor.GRACE_SECONDS + supervisor.REAP_SECONDS + 2.0
_ERROR_LINES = 30
_ERROR_CHARACTERS = 8192
_ERROR_KINDS = frozenset({"error", "verbose", "warning", "system_warning"})
_SECRET_ENDINGS = ("_TOKEN", "_PASSWORD", "_SECRET")
log = logging.getLogger(__name__)


class RunStatus(StrEnum):
    SUCCESSFUL = "successful"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `failed` covers failed and unreachable hosts, which outcomes.py tells apart.

    `return_code` is ansible-playbook's (2: hosts failed, 4: hosts unreachable, 1 and 250: nothing could be done), or
    128 + n if signal n ended it. `error` has Ansible's words where the fault is no single host's; not redacted.
    `recording_error` is the first exception that `on_event` or `cancelled` raised, or that writing an event to the disk
    did: the run went on, and `artifacts.read_events` has what `on_event` may have missed.
    """

    status: RunStatus
    return_code: int
    error: str = ""
    recording_error: Exception | None = None


def run_playbook(request: PlaybookRequest, on_event: Callable[[Event], None], cancelled: Callable[[], bool]) -> Outcome:
    """Run a playbook to its end. Raises RequestError or KeyFileError, before anything is started.

    Both callbacks are called on the caller's thread. `on_event` gets every event in order, after it is on disk; while
    it works, Ansible goes on, and what comes meanwhile waits. `cancelled` is asked about once a second, also while
    nothing happens, so it is where a recorder may flush. Once it says yes, Ansible is ended within seconds. An
    exception of either does not end the run: half a configured fleet would be worse than half a record.
    """
    request.verify()
    secrets = [value for name, value in request.environment.items() if name.endswith(_SECRET_ENDINGS)]
    with workspace(request) as space, closing(Journal(request.private_data_dir, secrets)) as journal:
        execution = _Execution(request, space, journal)
        execution.start()
        try:
            return _Following(execution, on_event, cancelled).to_the_end(request.timeout_seconds)
        finally:
            execution.end()


class _Execution:
    """ansible-runner in a thread of its own, so that a slow `on_event` cannot hold it up: it waits for Ansible's output
    with a time limit, and takes a run that it could not follow in time for dead.
    """

    def __init__(self, request: PlaybookRequest, space: Workspace, journal: Journal) -> None:
        config = RunnerConfig(
            private_data_dir=str(request.private_data_dir),
            artifact_dir=str(space.artifacts),
            ident=IDENT,
            project_dir=str(request.repository.resolve()),
            playbook=str(request.playbook_file),
            quiet=True,
            fact_cache_type="memory",  # a file for each host and task would be written, and read by nobody
        )
        config.prepare()
        config.command = command(request, space)
        config.env = environment(request, space, dict(config.env.items() - os.environ.items()))
        config.pexpect_timeout = POLL_SECONDS  # how often it looks whether it is to end
        config.suppress_output_file = True  # the events have all of it
        self.events: SimpleQueue[Event | None] = SimpleQueue()
        """The last is None."""
        self.fault: Exception | None = None
        self.recording_error: Exception | None = None
        self._space = space
        self._journal = journal
        self._kill_at = float("inf")
        # Every run has a cancel_callback: without one, ansible-runner takes the process's signals for itself.
        self._runner = Runner(
            config, cancel_callback=self._kill_is_due, remove_partials=False, event_handler=self._take
        )
        self._thread = threading.Thread(target=self._run, name=f"ansible-{request.playbook}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End Ansible now."""
        self._kill_at = time.monotonic() + KILL_AFTER_SECONDS
        self._space.stop()

    def end(self) -> int:
        """Wait until nothing is left of the run, which is ended if need be. Returns the exit status."""
        if self._thread.is_alive() and self._kill_at == float("inf"):
            self.stop()
        self._thread.join()
        return int(self._runner.rc if self._runner.rc is not None else 1)

    def _run(self) -> None:
        try:
            self._runner.run()
        except Exception as error:
            log.exception("ansible-runner gave up on a run")
            self.fault = error
        finally:
            self.events.put(None)

    def _kill_is_due(self) -> bool:
        return time.monotonic() > self._kill_at

    def _take(self, raw: dict[str, Any]) -> bool:
        """ansible-runner's event handler. What it raised would be lost, or would lose the run."""
        event = from_runner(raw)
        try:
            event = self._journal.append(event)
        except OSError as error:
            self.recording_error = self.recording_error or error
        else:
            self._journal.forget_partial(event)
        self.events.put(event)
        return False  # no file for each event, the journal has it


class _Following:
    """What the caller's thread does during a run."""

    def __init__(self, execution: _Execution, on_event: Callable[[Event], None], cancelled: Callable[[], bool]) -> None:
        self._execution = execution
        self._on_event = on_event
        self._cancelled = cancelled
        self._error: Exception | None = None
        self._lines: deque[str] = deque(maxlen=_ERROR_LINES)

    def to_the_end(self, timeout_seconds: float) -> Outcome:
        deadline = time.monotonic() + timeout_seconds
        look_at = 0.0
        ended: RunStatus | None = None
        while True:
            try:
                event = self._execution.events.get(timeout=POLL_SECONDS)
                if event is None:
                    return self._outcome(ended)
                self._offer(event)
            except Empty:
                pass  # time to look
            if ended is None and time.monotonic() >= look_at:
                look_at = time.monotonic() + POLL_SECONDS
                ended = self._why_end(deadline)
                if ended is not None:
                    self._execution.stop()

    def _offer(self, event: Event) -> None:
        if event.host is None and event.kind in _ERROR_KINDS and event.stdout.strip():
            self._lines.append(event.stdout)
        self._guarded(lambda: self._on_event(event))

    def _why_end(self, deadline: float) -> RunStatus | None:
        if self._guarded(self._cancelled):
            return RunStatus.CANCELED
        return RunStatus.TIMEOUT if time.monotonic() > deadline else None

    def _guarded(self, callback: Callable[[], Any]) -> Any:
        try:
            return callback()
        except Exception as error:
            if self._error is None:
                log.exception("a run goes on without being recorded")
                self._error = error
            return None

    def _outcome(self, ended: RunStatus | None) -> Outcome:
        code = self._execution.end()
        # What was asked to end may have come to a good end before it heard of it.
        status = RunStatus.SUCCESSFUL if code == 0 else ended or RunStatus.FAILED
        fault = self._execution.fault
        lines = [f"ansible-runner gave up: {fault}"] if fault else list(self._lines)
        return Outcome(
            status=status,
            return_code=code,
            error="" if code == 0 else fit_text("\n".join(lines), _ERROR_CHARACTERS),
            recording_error=self._error or self._execution.recording_error,
        )
