"""A check-in's report as the very metrics that its Pi has at /metrics.

Whatever was sent: names of labels' values are those known here or a few plain words, and their number is bounded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from control_ui.services.devices import reading, status
from control_ui.services.devices.reasons import CONDITIONS, STREAM_ERRORS, STREAM_STATUSES
from control_ui.services.devices.status import Standing

UNITS = ("carwash-stream.service", "carwash-snapshot.service", "carwash-agent.service")
MOST_INTERFACES = 8
MOST_ACTIONS = 40
_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_MEASURED = {
    "node_cpu_usage_percent": "cpu_usage_percent",
    "node_memory_usage_bytes": "memory_usage_bytes",
    "carwash_memory_total_bytes": "memory_total_bytes",
    "node_temperature_celsius": "temperature_celsius",
    "node_disk_usage_percent": "disk_usage_percent",
}
_COUNTED = {
    "carwash_ffmpeg_restarts_total": "restarts",
    "carwash_stream_reconnects_total": "reconnects",
    "carwash_snapshots_published_total": "published",
}


@dataclass(frozen=True)
class Figure:
    """One sample. Counters are those whose name ends in `_total`."""

    name: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


def reported(standing: Standing, age_seconds: float) -> Iterator[Figure]:
    """What was told `age_seconds` ago. What was not told has no figure: a zero would be a lie."""
    yield from _of_system(standing.report.get("metrics"))
    stream = standing.report.get("stream")
    if isinstance(stream, dict):
        yield from _of_stream(stream)
    yield from _of_agent(standing.report.get("status"))
    yield from _of_picture(standing, age_seconds)


def _of_system(metrics: Any) -> Iterator[Figure]:
    yield from _numbers((name, reading.dig(metrics, key)) for name, key in _MEASURED.items())
    network = reading.dig(metrics, "network")
    interfaces = sorted(name for name in network if _WORD.fullmatch(name)) if isinstance(network, dict) else []
    for name in interfaces[:MOST_INTERFACES]:
        for direction, key in (("receive", "received"), ("transmit", "transmitted")):
            labels = {"interface": name, "direction": direction}
            yield from _numbers([("node_network_bytes_total", reading.dig(network, name, key))], **labels)
    for unit in UNITS:
        memory, started = (reading.dig(metrics, key, unit) for key in ("unit_memory_bytes", "unit_started_seconds"))
        yield from _numbers([("carwash_unit_memory_bytes", memory), ("carwash_unit_start_seconds", started)], unit=unit)


def _of_stream(stream: dict[str, Any]) -> Iterator[Figure]:
    yield from _numbers((name, stream.get(key)) for name, key in _COUNTED.items())
    errors = {"torn": reading.dig(stream, "dropped", "torn"), "corrupt": reading.dig(stream, "dropped", "corrupt")}
    errors |= {reason: reading.dig(stream, "errors", reason) for reason in STREAM_ERRORS}
    for reason, count in errors.items():
        yield from _numbers([("carwash_snapshot_errors_total", count if count is not None else 0)], reason=reason)
    word = None if stream.get("quiet") else stream.get("status")
    running = reading.whole(stream.get("ffmpeg_pid")) is not None and not stream.get("quiet")
    yield Figure("carwash_ffmpeg_process_status", int(running))
    yield Figure("carwash_stream_connection_status", int(word == "streaming"))
    for known in STREAM_STATUSES:
        yield Figure("carwash_stream_status", int(word == known), {"status": known})
    if word is not None:
        yield from _numbers([("carwash_snapshot_generation_rate", stream.get("generation_rate_per_second"))])


def _of_agent(told: Any) -> Iterator[Figure]:
    synchronised = reading.dig(told, "clock_synchronised")
    if isinstance(synchronised, bool):
        yield Figure("carwash_clock_synchronised", int(synchronised))
    if isinstance(reading.dig(told, "config_fault"), str):
        yield Figure("carwash_config_file_valid", int(not reading.dig(told, "config_fault")))
    yield from _numbers([("carwash_backlog_entries", reading.dig(told, "backlog", "entries"))])
    seen = {
        reading.text(entry.get("name"))
        for entry in reading.entries(reading.dig(told, "conditions"), reading.MOST_ITEMS)
    }
    for condition in sorted(seen & CONDITIONS.keys()):
        yield Figure("carwash_condition", 1, {"condition": condition})
    counts: dict[tuple[str, str], Any] = {}
    for entry in reading.entries(reading.dig(told, "actions"), MOST_ACTIONS):
        action, result = reading.text(entry.get("action")), reading.text(entry.get("result"))
        if _WORD.fullmatch(action) and _WORD.fullmatch(result):
            counts[action, result] = entry.get("count")
    for (action, result), count in counts.items():
        yield from _numbers([("carwash_self_healing_actions_total", count)], action=action, result=result)


def _of_picture(standing: Standing, age_seconds: float) -> Iterator[Figure]:
    yield from _numbers([("carwash_config_version", standing.config_version)])
    yield Figure("carwash_snapshot_stale_after_seconds", status.stale_after_seconds(standing))
    age = reading.number(reading.dig(standing.report, "status", "snapshot", "age_seconds"))
    yield Figure("carwash_state_file_readable", int(age is not None), {"file": "snapshot.json"})
    if age is not None:
        yield Figure("carwash_snapshot_age_seconds", age + age_seconds)


def _numbers(values: Iterable[tuple[str, Any]], **labels: str) -> Iterator[Figure]:
    for name, value in values:
        number = reading.number(value)
        if number is not None:
            yield Figure(name, number, labels)
