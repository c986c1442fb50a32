"""The Pi's own health as Prometheus metrics, measured when asked. No name is one of node_exporter's."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pi_service.health_monitor import HealthMonitor


class NodeCollector(Collector):
    """Exports one HealthSample a scrape. What the Pi cannot measure has no series."""

    def __init__(self, monitor: HealthMonitor) -> None:
        self._monitor = monitor

    def collect(self) -> Iterable[Metric]:
        """Measure and yield the families."""
        sample = self._monitor.sample()
        for name, text, value in (
            ("node_cpu_usage_percent", "Processor time in use since the last scrape, in percent of all cores.",
             sample.cpu_usage_percent),
            ("node_memory_usage_bytes", "Memory that is in use and cannot be reclaimed, in bytes.",
             sample.memory_usage_bytes),
            ("node_temperature_celsius", "Temperature of the processor, in degrees Celsius.",
             sample.temperature_celsius),
            ("node_disk_usage_percent", "Space in use on the file system that holds our state, in percent.",
             sample.disk_usage_percent),
            ("carwash_memory_total_bytes", "Memory there is, in bytes.", sample.memory_total_bytes),
        ):  # fmt: skip
            if value is not None:
                yield GaugeMetricFamily(name, text, value)
        network = CounterMetricFamily(
            "node_network_bytes",
            "Bytes through a network interface since it came up.",
            labels=["interface", "direction"],
        )
        for interface, passed in sample.network.items():
            network.add_metric([interface, "receive"], passed.received)
            network.add_metric([interface, "transmit"], passed.transmitted)
        yield network
        memory = GaugeMetricFamily(
            "carwash_unit_memory_bytes", "Resident memory of a unit's processes together, in bytes.", labels=["unit"]
        )
        for unit, size in sample.unit_memory_bytes.items():
            memory.add_metric([unit], size)
        yield memory
        started = GaugeMetricFamily(
            "carwash_unit_start_seconds",
            "When a unit's oldest process was started, in seconds after boot: it changes with each restart.",
            labels=["unit"],
        )
        for unit, seconds in sample.unit_started_seconds.items():
            started.add_metric([unit], seconds)
        yield started
