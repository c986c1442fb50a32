"""The hands of self-healing on a real Pi: the stream's socket, and systemd through polkit. No root needed."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from typing import Any

from pi_service import self_healing as healing
from pi_service.configuration.restore import restore_config
from pi_service.configuration.transaction import LockedError
from pi_service.paths import Paths
from pi_service.self_healing import ActionError, StoppedByHandError
from pi_service.stream.client import ask

log = logging.getLogger(__name__)

SYSTEMCTL = ("systemctl", "--no-ask-password", "--no-block")
SYSTEMCTL_TIMEOUT_SECONDS = 15.0
STREAM_UNIT = "carwash-stream.service"
API_UNIT = "carwash-snapshot.service"
VACUUM_UNIT = "carwash-journal-vacuum.service"


class PiActions:
    """Carries out what self-healing and the control plane ask for."""

    def __init__(self, paths: Paths, trim_backlog: Callable[[], None]) -> None:
        self._paths = paths
        self._trim_backlog = trim_backlog
        self.exit_wanted = False  # the agent restarts itself by ending; systemd starts it anew

    def perform(self, action: str, why: str) -> None:
        """Carry out `action`. Raises ActionError with the reason where it fails."""
        deeds: dict[str, Callable[[], None]] = {
            healing.RESTART_FFMPEG: lambda: self._ask({"op": "restart", "why": why}),
            healing.RESTART_STREAM: lambda: restart_unit(STREAM_UNIT),
            healing.RESTART_API: lambda: restart_unit(API_UNIT),
            healing.RESTART_AGENT: self._end_agent,
            healing.VACUUM_JOURNAL: lambda: systemctl("start", VACUUM_UNIT),
            healing.TRIM_BACKLOG: self._trim,
            healing.RESTORE_CONFIG: self._restore_config,
            healing.REBOOT: lambda: systemctl("reboot"),
        }
        if action not in deeds:
            raise ActionError(f"{action!r} is not an action of this Pi")
        deeds[action]()

    def set_interval(self, interval_seconds: float | None) -> None:
        """Have the stream take pictures at this interval; None: the configured one. Raises ActionError."""
        self._ask({"op": "throttle", "interval_seconds": interval_seconds})

    def _ask(self, request: dict[str, Any]) -> None:
        try:
            answer = ask(self._paths, request)
        except (OSError, ValueError) as error:
            raise ActionError(f"the stream service did not take {request['op']!r}: {error}") from error
        if not answer["ok"]:
            raise ActionError(f"the stream service refused {request['op']!r}: {answer.get('reason')}")

    def _end_agent(self) -> None:
        self.exit_wanted = True

    def _trim(self) -> None:
        try:
            self._trim_backlog()
        except OSError as error:
            raise ActionError(f"the backlog could not be trimmed: {error}") from error

    def _restore_config(self) -> None:
        try:
            source = restore_config(self._paths)
        except (OSError, ValueError, LockedError) as error:
            raise ActionError(str(error)) from error
        log.warning("%s was restored from %s", self._paths.config, source)


def restart_unit(unit: str) -> None:
    """Restart a unit, unless somebody has stopped it: what a person stopped, a person starts. Raises ActionError."""
    if _run("systemctl", "show", "--property=ActiveState", "--value", unit).strip() == "inactive":
        raise StoppedByHandError(f"{unit} was stopped by hand; `systemctl start {unit}` starts it")
    systemctl("restart", unit)


def systemctl(verb: str, *units: str) -> None:
    """Ask systemd; the job is queued, not waited for. Raises ActionError with systemd's words."""
    _run(*SYSTEMCTL, verb, *units)


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SYSTEMCTL_TIMEOUT_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ActionError(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        raise ActionError(f"{' '.join(command)}: {done.stderr.strip() or f'exit status {done.returncode}'}")
    return done.stdout
