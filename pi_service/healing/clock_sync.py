"""Whether the clock is synchronised, asked of systemd-timedated: a hardened unit may not look at the kernel's."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable

log = logging.getLogger(__name__)

COMMAND = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
TIMEOUT_SECONDS = 10.0
ASK_EVERY_SECONDS = 300.0  # each question starts timedated for half a minute
ASK_EVERY_SECONDS_WHILE_NOT = 60.0


class ClockSync:
    """Asks now and then, and remembers the answer."""

    def __init__(self, now: Callable[[], float], command: tuple[str, ...] = COMMAND) -> None:
        self._now = now
        self._command = command
        self._asked_at: float | None = None
        self._answer: bool | None = None

    def synchronised(self) -> bool | None:
        """True, False, or None where nobody knows."""
        now = self._now()
        pause = ASK_EVERY_SECONDS if self._answer else ASK_EVERY_SECONDS_WHILE_NOT
        if self._asked_at is None or now - self._asked_at >= pause:
            self._asked_at = now
            self._answer = self._ask()
        return self._answer

    def _ask(self) -> bool | None:
        try:
            done = subprocess.run(self._command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            log.debug("timedatectl cannot be asked: %s", error)
            return None
        return {"yes": True, "no": False}.get(done.stdout.strip()) if done.returncode == 0 else None
