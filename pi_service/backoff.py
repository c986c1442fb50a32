"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Waits that double from `first_seconds` to `longest_seconds`, each shortened by up to a quarter at random.

    The jitter keeps cameras behind one switch from being asked by every Pi at the same moment after a power cut.
    """

    def __init__(
        self, first_seconds: float = 1.0, longest_seconds: float = 60.0, jitter: Callable[[], float] = random.random
    ) -> None:
        self._first_seconds = first_seconds
        self._longest_seconds = longest_seconds
        self._jitter = jitter
        self._steps = 0

    @property
    def steps(self) -> int:
        """Waits since the last reset."""
        return self._steps

    def next_seconds(self) -> float:
        """The next wait, in seconds."""
        whole = min(self._first_seconds * 2.0 ** min(self._steps, 30), self._longest_seconds)
        self._steps += 1
        return whole * (1 - 0.25 * self._jitter())

    def reset(self) -> None:
        """Things are well again: begin with the shortest wait."""
        self._steps = 0
