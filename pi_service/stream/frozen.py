"""Tells a camera that shows the same picture for ever from one that looks at something."""

from __future__ import annotations


class FrozenDetector:
    """Compares each picture with the one before by its hash.

    The JPEGs of one ffmpeg are equal exactly where the decoded pictures are: its encoder adds nothing of its own. A
    sensor's noise alone makes two real pictures differ, so equality is no matter of a quiet scene.
    """

    def __init__(self) -> None:
        self._sha256 = ""
        self._first_seen = 0.0
        self._last_seen = 0.0

    def is_new(self, sha256: str, now: float) -> bool:
        """Take note of a picture that came at `now` (seconds); whether it differs from the one before."""
        self._last_seen = now
        if sha256 == self._sha256:
            return False
        self._sha256 = sha256
        self._first_seen = now
        return True

    def is_frozen(self, frozen_intervals: int, interval_seconds: float) -> bool:
        """Whether the same picture has been coming for so many intervals. Half an interval is allowed for jitter."""
        seen_seconds = self._last_seen - self._first_seen
        return bool(self._sha256) and seen_seconds >= (frozen_intervals - 0.5) * interval_seconds

    @property
    def first_seen(self) -> float:
        """When the present picture came for the first time."""
        return self._first_seen

    @property
    def seen_seconds(self) -> float:
        """For how long the present picture has been coming."""
        return self._last_seen - self._first_seen
