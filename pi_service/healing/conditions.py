"""What is wrong with this Pi right now, as far as it can see itself: from observations to their meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pi_service.config import Config, Thresholds
from pi_service.health_monitor import HealthSample
from pi_service.stream.report import StreamReport

API_FAILURES = 3  # probes in a row; one may fall into a restart
COOLER_BY_CELSIUS = 5.0

STREAM_SILENT = "stream_silent"
STREAM_FROZEN = "stream_frozen"
STREAM_NOT_REPORTING = "stream_not_reporting"
API_NOT_ANSWERING = "api_not_answering"
TOO_HOT = "too_hot"
DISK_NEARLY_FULL = "disk_nearly_full"
CLOCK_NOT_SYNCHRONISED = "clock_not_synchronised"
CONFIG_DAMAGED = "config_damaged"
MEMORY = {
    "carwash-stream.service": "stream_memory",
    "carwash-snapshot.service": "api_memory",
    "carwash-agent.service": "agent_memory",
}


@dataclass(frozen=True)
class Observation:
    """One look around. `api_failures` counts probes in a row that failed; `config_fault` is empty while all is well."""

    stream: StreamReport | None
    api_failures: int
    api_fault: str
    health: HealthSample
    clock_synchronised: bool | None
    config_fault: str


@dataclass(frozen=True)
class Condition:
    """One thing that is wrong. `name` is one of the constants above."""

    name: str
    detail: str


def find_conditions(seen: Observation, config: Config, *, was_hot: bool) -> list[Condition]:
    """Everything that is wrong. `was_hot`: the Pi counts as too hot until it is COOLER_BY_CELSIUS below its limit.

    A camera that is away (refused, unreachable, unauthorized ...) is none of it: restarting ourselves brings no camera
    back, and the stream unit tries again by itself.
    """
    return [
        *_of_stream(seen.stream),
        *_of_api(seen),
        *_of_health(seen.health, config.thresholds, was_hot=was_hot),
        *_of_clock(seen.clock_synchronised),
        *([Condition(CONFIG_DAMAGED, seen.config_fault)] if seen.config_fault else []),
    ]


def _of_stream(stream: StreamReport | None) -> Iterator[Condition]:
    if stream is None:
        yield Condition(STREAM_NOT_REPORTING, "the stream service has written no state")
    elif stream.quiet:
        yield Condition(STREAM_NOT_REPORTING, "the stream service has not renewed its state")
    elif stream.status == "silent":
        yield Condition(STREAM_SILENT, stream.sentence())
    elif stream.status == "frozen":
        yield Condition(STREAM_FROZEN, stream.sentence())


def _of_api(seen: Observation) -> Iterator[Condition]:
    if seen.api_failures >= API_FAILURES:
        yield Condition(API_NOT_ANSWERING, f"{seen.api_failures} probes in a row failed: {seen.api_fault}")


def _of_health(health: HealthSample, limits: Thresholds, *, was_hot: bool) -> Iterator[Condition]:
    hot_above = limits.temperature_celsius - (COOLER_BY_CELSIUS if was_hot else 0)
    if health.temperature_celsius is not None and health.temperature_celsius > hot_above:
        yield Condition(TOO_HOT, f"{health.temperature_celsius:.1f} degrees Celsius")
    if health.disk_usage_percent is not None and health.disk_usage_percent > limits.disk_usage_percent:
        yield Condition(DISK_NEARLY_FULL, f"{health.disk_usage_percent:.0f} % in use")
    for unit, size_bytes in sorted(health.unit_memory_bytes.items()):
        if size_bytes > limits.unit_memory_bytes:
            yield Condition(MEMORY[unit], f"{unit} uses {size_bytes / 2**20:.0f} MiB")


def _of_clock(synchronised: bool | None) -> Iterator[Condition]:
    if synchronised is False:
        yield Condition(CLOCK_NOT_SYNCHRONISED, "no time server has been reached; times of pictures may be wrong")
