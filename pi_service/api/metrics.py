"""The API's own request metrics: one counter and one histogram, label sets bounded by routes and configured keys."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

METHODS = ("GET", "HEAD", "OPTIONS")
BUCKETS_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REFUSALS = ("missing", "unknown", "expired")
_Labels = tuple[str, str, int, str]


class ApiMetrics:
    """Counts requests. Children are looked up once per label set, not once per request."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "carwash_api_request",
            "Requests answered, by route, method, status and name of the API key ('none', 'invalid').",
            ["route", "method", "status", "key"],
            registry=None,
        )
        self._durations = Histogram(
            "carwash_api_request_duration_seconds",
            "Time from reading a request to handing over its answer, in seconds.",
            ["route", "method"],
            buckets=BUCKETS_SECONDS,
            registry=None,
        )
        self._refusals = Counter(
            "carwash_api_key_refusals",
            "Requests refused with 401, by reason: missing, unknown or expired key.",
            ["reason"],
            registry=None,
        )
        for reason in REFUSALS:
            self._refusals.labels(reason)
        registry.register(_WithoutCreated([self._requests, self._durations, self._refusals]))
        self._children: dict[_Labels, tuple[Counter, Histogram]] = {}
        self._lock = threading.Lock()

    def observe(self, route: str, method: str, status: int, key: str, duration_seconds: float) -> None:
        """Count one answered request."""
        labels = (route, method, status, key)
        children = self._children.get(labels) or self._bind(labels)
        children[0].inc()
        children[1].observe(duration_seconds)

    def refused(self, reason: str) -> None:
        """Count one 401."""
        self._refusals.labels(reason).inc()

    def forget_keys_except(self, names: Collection[str]) -> None:
        """Drop the series of API keys that are no longer configured, so that rotation does not pile them up."""
        with self._lock:
            for route, method, status, key in [labels for labels in self._children if labels[3] not in names]:
                del self._children[route, method, status, key]
                self._requests.remove(route, method, str(status), key)

    def _bind(self, labels: _Labels) -> tuple[Counter, Histogram]:
        route, method, status, key = labels
        with self._lock:
            children = (self._requests.labels(route, method, str(status), key), self._durations.labels(route, method))
            self._children[labels] = children
        return children


class _WithoutCreated(Collector):
    """Leaves out the `_created` series: they double the number of series and say nothing a rate does not."""

    def __init__(self, metrics: list[Counter | Histogram]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        for metric in self._metrics:
            for family in metric.collect():
                family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
                yield family
