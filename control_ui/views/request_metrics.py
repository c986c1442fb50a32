"""Counts and times the requests, for Prometheus."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from sqlalchemy.pool import QueuePool

from control_ui.views.state import KEY, AppState

EXTENSION = "carwash_request_metrics"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNMATCHED = "unmatched"
"""The route of whatever was asked for and does not exist: paths come from outside, and there is no end of them."""
_LABELS = ("method", "route", "status")


@dataclass(frozen=True)
class RequestMetrics:
    """Of one application, in a registry of its own."""

    registry: CollectorRegistry
    seconds: Histogram
    requests: Counter
    active: Gauge

    @classmethod
    def make(cls) -> RequestMetrics:
        registry = CollectorRegistry()
        return cls(
            registry,
            Histogram("http_request_duration_seconds", "Time to answer.", _LABELS, buckets=SECONDS, registry=registry),
            Counter("http_requests", "Requests answered.", _LABELS, registry=registry),
            Gauge("api_active_connections", "Requests being answered at this moment.", registry=registry),
        )


@dataclass
class _Timing:
    """One request on its way."""

    began: float = field(default_factory=time.perf_counter)
    open: bool = True


def register(app: Flask) -> None:
    """Measure every request of this application, refused and failed ones too. Before all other hooks."""
    metrics = app.extensions[EXTENSION] = RequestMetrics.make()
    size = Gauge("api_database_connection_pool_size", "Open connections to the database.", registry=metrics.registry)
    size.set_function(lambda: _pool(app).checkedin() + _pool(app).checkedout())
    used = Gauge("api_database_connections_in_use", "Those of them in use.", registry=metrics.registry)
    used.set_function(lambda: _pool(app).checkedout())
    app.before_request(_begin)
    app.after_request(_answer)
    app.teardown_request(_end)


def _pool(app: Flask) -> QueuePool:
    """Of both databases' engines, made by database.make_engine."""
    state: AppState = app.extensions[KEY]
    return cast(QueuePool, state.sessions.kw["bind"].pool)


def request_metrics() -> RequestMetrics:
    """Of the current application."""
    return cast(RequestMetrics, current_app.extensions[EXTENSION])


def _begin() -> None:
    g.timing = _Timing()
    request_metrics().active.inc()


def _answer(response: Response) -> Response:
    timing: _Timing | None = g.get("timing")
    if timing is not None:
        method = request.method if request.method in METHODS else "OTHER"
        route = request.url_rule.rule if request.url_rule is not None else UNMATCHED
        labels = (method, route, str(response.status_code))
        metrics = request_metrics()
        metrics.seconds.labels(*labels).observe(time.perf_counter() - timing.began)
        metrics.requests.labels(*labels).inc()
    return response


def _end(_error: BaseException | None) -> None:
    timing: _Timing | None = g.get("timing")
    if timing is not None and timing.open:
        timing.open = False
        request_metrics().active.dec()
