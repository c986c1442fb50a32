"""What the devices told at their check-ins, as Prometheus' metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from control_ui.services.device_metrics import DeviceMetrics

HELP = {
    "carwash_device_online": "1 while the device checks in, 0 while it does not.",
    "carwash_device_checkin_age_seconds": "Time since the last check-in, in seconds.",
    "carwash_device_configuration_refused": "1 while the device has refused the configuration wanted of it.",
    "carwash_device_problem": "1 for the likeliest cause of the device's trouble.",
    "carwash_healing_escalated": "1 while a person is needed: nothing automatic helps, or has helped.",
    "node_cpu_usage_percent": "Processor time in use, in percent of all cores.",
    "node_memory_usage_bytes": "Memory that is in use and cannot be reclaimed, in bytes.",
    "carwash_memory_total_bytes": "Memory there is, in bytes.",
    "node_temperature_celsius": "Temperature of the processor, in degrees Celsius.",
    "node_disk_usage_percent": "Space in use on the file system that holds the Pi's state, in percent.",
    "node_network_bytes_total": "Bytes through a network interface since it came up.",
    "carwash_unit_memory_bytes": "Resident memory of a unit's processes together, in bytes.",
    "carwash_unit_start_seconds": "When a unit's oldest process was started, in seconds after boot.",
    "carwash_ffmpeg_restarts_total": "Times ffmpeg was started anew.",
    "carwash_stream_reconnects_total": "Times the stream came back after it was lost.",
    "carwash_snapshots_published_total": "Pictures published.",
    "carwash_snapshot_errors_total": "Pictures that could not be taken, by reason.",
    "carwash_ffmpeg_process_status": "1 while ffmpeg runs, 0 while it does not.",
    "carwash_stream_connection_status": "1 while pictures arrive and change, 0 otherwise.",
    "carwash_stream_status": "1 for the status the stream is in, 0 for the others.",
    "carwash_snapshot_generation_rate": "Pictures published per second, lately.",
    "carwash_clock_synchronised": "1 while the clock is synchronised, 0 while not.",
    "carwash_config_file_valid": "1 while the configuration file is valid, 0 while the last good one is used instead.",
    "carwash_backlog_entries": "Entries waiting for the control plane.",
    "carwash_condition": "1 for each condition the agent sees.",
    "carwash_self_healing_actions_total": "What the Pi did to heal itself, by result.",
    "carwash_config_version": "Version of the configuration in force.",
    "carwash_snapshot_stale_after_seconds": "Age from which a picture counts as stale.",
    "carwash_state_file_readable": "1 where there is a newest picture, 0 where there is none.",
    "carwash_snapshot_age_seconds": "Age of the newest picture in seconds, its check-in's age included.",
}
"""The Pi's own metrics mean what they mean at its /metrics; all are as of the last check-in."""


def registry_of(devices: Sequence[DeviceMetrics]) -> CollectorRegistry:
    """A registry with these figures."""
    registry = CollectorRegistry()
    registry.register(_Devices(devices))
    return registry


class _Devices(Collector):
    def __init__(self, devices: Sequence[DeviceMetrics]) -> None:
        self._devices = devices

    def collect(self) -> Iterator[Metric]:
        families = {name: _family(name) for name in HELP}
        for device in self._devices:
            for figure in device.figures:
                families[figure.name].add_sample(figure.name, device.labels | figure.labels, figure.value)
        return iter(families.values())


def _family(name: str) -> Metric:
    if name.endswith("_total"):
        return CounterMetricFamily(name.removesuffix("_total"), HELP[name], labels=())
    return GaugeMetricFamily(name, HELP[name], labels=())
