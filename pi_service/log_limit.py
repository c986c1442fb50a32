"""At most so many log lines in a period: a fault that repeats must not fill the journal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class LogLimit:
    """Admits `lines` lines every `period_seconds`. Safe between threads."""

    def __init__(
        self, lines: int, period_seconds: float = 60.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._lines = lines
        self._period_seconds = period_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._period_started = monotonic()
        self._used = 0

    def admits(self) -> bool:
        """Whether one more line may be written now."""
        with self._lock:
            now = self._monotonic()
            if now - self._period_started >= self._period_seconds:
                self._period_started, self._used = now, 0
            self._used += 1
            return self._used <= self._lines
