"""Gathers what the agent sees in one look around."""

from __future__ import annotations

import logging

from pi_service.api.probe import probe
from pi_service.configuration.live import LiveConfig
from pi_service.healing.clock_sync import ClockSync
from pi_service.healing.conditions import Observation
from pi_service.health_monitor import HealthMonitor
from pi_service.paths import Paths
from pi_service.stream.report import StreamReport, read_stream_report

log = logging.getLogger(__name__)


class Lookout:
    """Looks at the stream's state, the API's port, the Pi's health, the clock and the configuration file."""

    def __init__(
        self, paths: Paths, live: LiveConfig, health: HealthMonitor, clock: ClockSync, api_address: tuple[str, int]
    ) -> None:
        self._paths = paths
        self._live = live
        self._health = health
        self._clock = clock
        self._api_address = api_address
        self._api_failures = 0

    def look(self, boottime_now: float) -> Observation:
        """What there is to be seen now. Takes a few seconds at most (a hung API)."""
        api_fault = probe(*self._api_address)
        self._api_failures = self._api_failures + 1 if api_fault else 0
        self._live.current()
        return Observation(
            stream=self._stream(boottime_now),
            api_failures=self._api_failures,
            api_fault=api_fault,
            health=self._health.sample(),
            clock_synchronised=self._clock.synchronised(),
            config_fault=self._live.fault,
        )

    def _stream(self, boottime_now: float) -> StreamReport | None:
        try:
            return read_stream_report(self._paths, boottime_now)
        except (OSError, ValueError) as error:
            log.warning("the state of the stream cannot be read: %s", error)
            return None
