"""A request log that cannot fill the journal: a summary a minute, and a few notable requests in full."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pi_service.clock import boottime_seconds
from pi_service.log_limit import LogLimit

log = logging.getLogger(__name__)

PERIOD_SECONDS = 60.0
DURATIONS_PER_KEY = 1000  # the newest so many of a period give its percentiles
NOTABLE_PER_PERIOD = 10  # answers of 400 and above that get a line of their own


@dataclass
class _Summary:
    """What one key asked within a period."""

    statuses: Counter[int] = field(default_factory=Counter)
    durations: deque[float] = field(default_factory=lambda: deque(maxlen=DURATIONS_PER_KEY))

    def text(self) -> str:
        ordered = sorted(self.durations)
        statuses = " ".join(f"{status}={count}" for status, count in sorted(self.statuses.items()))
        p50, p99 = (ordered[int(share * (len(ordered) - 1))] * 1000 for share in (0.5, 0.99))
        return f"{self.statuses.total()} requests ({statuses}), p50 {p50:.1f} ms, p99 {p99:.1f} ms"


class RequestLog:
    """Collects requests; `flush` writes one line per key and period. Key names are bounded by the configuration."""

    def __init__(self, clock: Callable[[], float] = boottime_seconds) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._started = clock()
        self._summaries: dict[str, _Summary] = {}
        self._notable = LogLimit(NOTABLE_PER_PERIOD, PERIOD_SECONDS, clock)

    def note(self, route: str, method: str, status: int, key: str, duration_seconds: float, remote: str) -> None:
        """Take one answered request. Writes a line only at DEBUG, or for one of the first notable ones of a period."""
        with self._lock:
            summary = self._summaries.get(key)
            if summary is None:
                summary = self._summaries[key] = _Summary()
            summary.statuses[status] += 1
            summary.durations.append(duration_seconds)
        level = logging.INFO if status >= 400 and self._notable.admits() else logging.DEBUG
        if log.isEnabledFor(level):
            milliseconds = duration_seconds * 1000
            log.log(level, "%s %s %s from %s, key %s, %.1f ms", method, route, status, remote, key, milliseconds)

    def flush_if_due(self) -> None:
        """Write the summaries once a period has passed, and begin the next."""
        now = self._clock()
        if now - self._started < PERIOD_SECONDS:
            return
        with self._lock:
            summaries, self._summaries = self._summaries, {}
            self._started = now
        for key, summary in sorted(summaries.items()):
            log.info("last minute, key %s: %s", key, summary.text())
