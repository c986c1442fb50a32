"""The state files of the three units as Prometheus metrics, read when asked.

A file that is missing or damaged has no series (and `carwash_state_file_readable` 0): a zero would be a lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pi_service.atomic_files import read_json
from pi_service.configuration.live import LiveConfig
from pi_service.paths import Paths
from pi_service.snapshot_cache import SnapshotReader
from pi_service.stream.report import REASONS, STATUSES, StreamReport, read_stream_report

CONFIG_APPLY_COUNTS = "config-apply.json"
_Document = dict[str, Any]


class StateCollector(Collector):
    """Exports what the stream, the agent and the configuration manager have written down."""

    def __init__(self, paths: Paths, live: LiveConfig, reader: SnapshotReader, boottime: Callable[[], float]) -> None:
        self._paths = paths
        self._live = live
        self._reader = reader
        self._boottime = boottime

    def collect(self) -> Iterable[Metric]:
        """Read the files and yield the families."""
        readable = GaugeMetricFamily(
            "carwash_state_file_readable",
            "1 where a state file could be read, 0 where it is missing or damaged; its series are then absent.",
            labels=["file"],
        )
        for path, families in (
            (self._paths.stream_state, self._stream),
            (self._paths.agent_state, self._agent),
            (self._paths.state_dir / CONFIG_APPLY_COUNTS, self._config_applies),
            (self._paths.snapshot_metadata, self._snapshot),
        ):
            try:
                found = list(families(path))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                found = []
            readable.add_metric([path.name], 1 if found else 0)
            yield from found
        yield readable
        yield from self._config()

    def _stream(self, path: Path) -> Iterator[Metric]:
        report = read_stream_report(self._paths, self._boottime())
        if report is None:
            return
        yield from stream_counters(report.document)
        yield from _stream_gauges(report)
        yield GaugeMetricFamily(
            "carwash_stream_report_age_seconds",
            "Time since the stream unit last wrote its state, in seconds.",
            self._boottime() - report.document["updated_boottime"],
        )

    def _agent(self, path: Path) -> Iterator[Metric]:
        document = read_json(path)
        if document is not None:
            yield from agent_families(document)

    def _config_applies(self, path: Path) -> Iterator[Metric]:
        document = read_json(path)
        if document is None:
            return
        applies = CounterMetricFamily(
            "carwash_config_apply", "Configurations that were to be applied, by result.", labels=["result"]
        )
        for result, count in document["counts"].items():
            applies.add_metric([str(result)], float(count))
        yield applies

    def _snapshot(self, path: Path) -> Iterator[Metric]:
        snapshot = self._reader.current()
        if snapshot is None:
            return
        yield GaugeMetricFamily(
            "carwash_snapshot_cache_size_bytes",
            "Bytes the pictures of the ring take in memory (tmpfs).",
            sum(picture.size_bytes for picture in self._reader.history()),
        )
        yield GaugeMetricFamily(
            "carwash_last_successful_snapshot_timestamp",
            "When the newest picture was captured, in Unix seconds by the clock of then.",
            snapshot.recorded_at.timestamp(),
        )
        yield GaugeMetricFamily(
            "carwash_snapshot_age_seconds",
            "Age of the newest picture in seconds, whatever the wall clock did since.",
            snapshot.age_seconds(self._boottime()),
        )

    def _config(self) -> Iterator[Metric]:
        config = self._live.current()
        if config is None:
            return
        yield GaugeMetricFamily("carwash_config_version", "Version of the configuration in force.", config.version)
        yield GaugeMetricFamily(
            "carwash_snapshot_stale_after_seconds",
            "Age from which a picture counts as stale, by the configuration in force.",
            config.stale_after_seconds,
        )
        yield GaugeMetricFamily(
            "carwash_config_file_valid",
            "1 while the configuration file is valid, 0 while the last good one is used instead.",
            0 if self._live.fault else 1,
        )


def stream_counters(document: _Document) -> Iterator[Metric]:
    """Counters of `stream.json`, since the stream unit started. They hold their value while it is quiet."""
    yield CounterMetricFamily("carwash_ffmpeg_restarts", "Times ffmpeg was started anew.", float(document["restarts"]))
    yield CounterMetricFamily(
        "carwash_stream_reconnects", "Times the stream came back after it was lost.", float(document["reconnects"])
    )
    yield CounterMetricFamily("carwash_snapshots_published", "Pictures published.", float(document["published"]))
    errors = CounterMetricFamily(
        "carwash_snapshot_errors",
        "Pictures that could not be taken, by reason; torn and corrupt are frames that were dropped.",
        labels=["reason"],
    )
    # A reason that is there from the beginning, as 0, has its first error counted by a rate, too.
    for reason, count in {**dict.fromkeys(REASONS, 0), **document["dropped"], **document["errors"]}.items():
        errors.add_metric([str(reason)], float(count))
    yield errors


def _stream_gauges(report: StreamReport) -> Iterator[Metric]:
    running = _is_running(report.document.get("ffmpeg_pid"))
    yield GaugeMetricFamily("carwash_ffmpeg_process_status", "1 while ffmpeg runs, 0 while it does not.", int(running))
    streaming = int(report.status == "streaming")
    yield GaugeMetricFamily(
        "carwash_stream_connection_status", "1 while pictures arrive and change, 0 otherwise.", streaming
    )
    statuses = GaugeMetricFamily(
        "carwash_stream_status", "1 for the status the stream is in, 0 for the others.", labels=["status"]
    )
    for status in STATUSES:
        statuses.add_metric([status], int(report.status == status))
    yield statuses
    if not report.quiet:
        yield GaugeMetricFamily(
            "carwash_snapshot_generation_rate",
            "Pictures published per second, lately.",
            float(report.document["generation_rate_per_second"]),
        )


def agent_families(document: _Document) -> Iterator[Metric]:
    """What `agent.json` holds. Raises KeyError or TypeError where it is not one."""
    actions = CounterMetricFamily(
        "carwash_self_healing_actions", "What the Pi did to heal itself, by result.", labels=["action", "result"]
    )
    for entry in document["actions"]:
        actions.add_metric([str(entry["action"]), str(entry["result"])], float(entry["count"]))
    yield actions
    conditions = GaugeMetricFamily("carwash_condition", "1 for each condition the agent sees.", labels=["condition"])
    for condition in document["conditions"]:
        conditions.add_metric([str(condition["name"])], 1)
    yield conditions
    control = document["control"]
    for name, text, value in (
        ("carwash_clock_synchronised", "1 while the clock is synchronised, 0 while not.",
         document["clock_synchronised"]),
        ("carwash_control_plane_reachable", "1 if the last check-in succeeded, 0 if not.", control["reachable"]),
        ("carwash_backlog_entries", "Entries waiting for the control plane.", control["backlog_entries"]),
    ):  # fmt: skip
        if value is not None:
            yield GaugeMetricFamily(name, text, int(value))


def _is_running(pid: Any) -> bool:
    """Whether there is such a process and it is able to work (neither dead nor stopped)."""
    if not isinstance(pid, int):
        return False
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD, psutil.STATUS_STOPPED)
    except psutil.Error:
        return False
