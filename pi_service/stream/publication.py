"""From a picture that has come to a picture that is published: when it is due, and only if it shows something new."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from pi_service.clock import boottime_seconds, wall_now
from pi_service.config import Config
from pi_service.log_limit import LogLimit
from pi_service.paths import Paths
from pi_service.snapshot_cache import SnapshotReader, SnapshotWriter
from pi_service.stream.frozen import FrozenDetector
from pi_service.stream.mjpeg import Picture
from pi_service.stream.state import StreamState

log = logging.getLogger(__name__)

DUE_TOLERANCE = 0.25  # of an interval: pictures come a little early or late, and the next one is too far away


class Publication:
    """Publishes the pictures of the live stream, at the interval of the configuration or a longer one."""

    def __init__(
        self,
        paths: Paths,
        state: StreamState,
        *,
        boottime: Callable[[], float] = boottime_seconds,
        wall: Callable[[], datetime] = wall_now,
    ) -> None:
        """Raises OSError where the ring cannot be made."""
        self._state = state
        self._boottime = boottime
        self._wall = wall
        self._writer = SnapshotWriter(paths)
        self._detector = FrozenDetector()
        self._config: Config | None = None
        self._throttle_seconds: float | None = None
        self._published_sha256 = ""
        self._due_at = 0.0
        self._log_limit = LogLimit(lines=5)
        self._remember(SnapshotReader(paths))

    def _remember(self, reader: SnapshotReader) -> None:
        """A frozen camera stays frozen across a restart of the unit: its picture does not become young by it."""
        if (last := reader.current()) is not None:
            self._published_sha256 = last.sha256
            self._detector.is_new(last.sha256, last.captured_boottime)

    def configure(self, config: Config) -> None:
        """Go by this configuration from the next picture on. Raises OSError where the ring cannot be trimmed.

        A throttle that was measured by another interval or limit ends: it could let every picture grow stale.
        """
        if self._config is not None and _pace_of(self._config) != _pace_of(config):
            self._throttle_seconds = None
        self._config = config
        self._due_at = 0.0
        self._writer.resize(config.history_size)
        self._tell_state()

    def throttle(self, interval_seconds: float | None) -> None:
        """Publish at this interval while it is longer than the configured one; None ends that."""
        self._throttle_seconds = interval_seconds
        if interval_seconds is None:
            self._due_at = 0.0
        self._tell_state()

    @property
    def interval_seconds(self) -> float:
        """Time between two publications now."""
        configured = self._config.snapshot_interval_seconds if self._config else 0.0
        return max(configured, self._throttle_seconds or 0.0)

    @property
    def is_frozen(self) -> bool:
        """Whether the camera has been showing the very same picture for too long."""
        if self._config is None:
            return False
        return self._detector.is_frozen(
            self._config.thresholds.frozen_intervals, self._config.snapshot_interval_seconds
        )

    @property
    def frozen_sentence(self) -> str:
        return f"the very same picture for {self._detector.seen_seconds:.0f} s"

    def take(self, picture: Picture) -> None:
        """One picture of the live stream. A fault in writing is counted, and the old picture stays."""
        sha256 = hashlib.sha256(picture.image).hexdigest()
        self._detector.is_new(sha256, picture.received_at)
        if sha256 == self._published_sha256:
            self._state.repeated += 1
        elif self._is_due(picture.received_at):
            self._publish(picture, sha256)

    def _is_due(self, now: float) -> bool:
        interval = self.interval_seconds
        if now < self._due_at - DUE_TOLERANCE * interval:
            return False
        on_time = now - self._due_at < interval
        self._due_at = (self._due_at if on_time else now) + interval  # on a grid, so that delays do not add up
        return True

    def _publish(self, picture: Picture, sha256: str) -> None:
        if self._config is None:
            return
        captured_boottime = self._detector.first_seen
        now = self._boottime()
        try:
            self._writer.publish(
                picture.image,
                width=picture.width,
                height=picture.height,
                captured_at=self._wall() - timedelta(seconds=now - captured_boottime),
                captured_boottime=captured_boottime,
                config_version=self._config.version,
                interval_seconds=self.interval_seconds,
            )
        except OSError as error:
            self._state.add_error("storage", f"a picture could not be written: {error}", self._wall())
            if self._log_limit.admits():
                log.error("a picture could not be written, the old one stays: %s", error)
            return
        self._published_sha256 = sha256
        self._state.add_published(now)

    def _tell_state(self) -> None:
        self._state.interval_seconds = self.interval_seconds
        self._state.throttled = self._config is not None and (
            self.interval_seconds > self._config.snapshot_interval_seconds
        )
        self._state.config_version = self._config.version if self._config else None


def _pace_of(config: Config) -> tuple[float, float]:
    return config.snapshot_interval_seconds, config.stale_after_seconds
