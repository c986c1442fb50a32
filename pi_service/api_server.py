"""The snapshot HTTP API of a Pi: Flask under waitress. `create_app` makes it, `main` serves it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from werkzeug.exceptions import HTTPException

from pi_service.api import cors
from pi_service.api.auth import INVALID_KEY, NO_KEY, authenticate
from pi_service.api.metrics import ApiMetrics
from pi_service.api.node_collector import NodeCollector
from pi_service.api.observation import CORS_ORIGINS, KEY, ROUTE, Observation
from pi_service.api.problem import ProblemError, from_http_exception
from pi_service.api.request_log import RequestLog
from pi_service.api.serving import serve
from pi_service.api.snapshot_views import Clocks, SnapshotViews, json_response, no_configuration
from pi_service.api.state_collector import StateCollector
from pi_service.clock import boottime_seconds, wall_now
from pi_service.config import Config
from pi_service.configuration.live import LiveConfig
from pi_service.health_monitor import HealthMonitor
from pi_service.log_limit import LogLimit
from pi_service.paths import Paths
from pi_service.snapshot_cache import SnapshotReader

log = logging.getLogger(__name__)

_View = Callable[..., Response]
TRACEBACKS_PER_MINUTE = 3


def create_app(
    paths: Paths,
    *,
    wall: Callable[[], datetime] = wall_now,
    boottime: Callable[[], float] = boottime_seconds,
    request_log: RequestLog | None = None,
) -> Flask:
    """The WSGI application for the Pi whose files lie at `paths`. The clocks can be replaced by a test's own."""
    app = Flask("pi_service", static_folder=None)
    live = LiveConfig(paths)
    reader = SnapshotReader(paths, boottime)
    registry = CollectorRegistry()
    metrics = ApiMetrics(registry)
    registry.register(StateCollector(paths, live, reader, boottime))
    registry.register(NodeCollector(HealthMonitor(paths)))
    views = SnapshotViews(paths, reader, Clocks(wall, boottime))
    _add_picture_routes(app, views, Gate(paths, live, metrics, wall))
    _add_open_routes(app, views, live, registry)
    _add_error_answers(app)
    app.wsgi_app = Observation(app.wsgi_app, metrics, request_log or RequestLog())  # type: ignore[method-assign]  # Flask's documented way to add middleware
    return app


def main() -> int:
    """Serve until SIGTERM. Returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of every request that waits for a thread
    paths = Paths.from_environment()
    request_log = RequestLog()
    return serve(lambda: create_app(paths, request_log=request_log), housekeeping=request_log.flush_if_due)


class Gate:
    """Lets a view answer only those who present a key, and hands it the configuration in force."""

    def __init__(self, paths: Paths, live: LiveConfig, metrics: ApiMetrics, wall: Callable[[], datetime]) -> None:
        self._paths = paths
        self._live = live
        self._metrics = metrics
        self._wall = wall
        self._seen: Config | None = None

    def guard(self, rule: str, view: _View) -> _View:
        """`view`, called as `view(config, **values of the route)` for whoever is admitted."""

        def guarded(**values: Any) -> Response:
            environ = request.environ
            environ[ROUTE] = rule
            config = self._config()
            environ[CORS_ORIGINS] = config.cors_origins
            if environ["REQUEST_METHOD"] == "OPTIONS":
                return cors.preflight()
            verdict = authenticate(environ, config.api_keys, self._wall())
            environ[KEY] = verdict.key
            if not verdict.admitted:
                self._metrics.refused(verdict.result)
                raise verdict.problem()
            return view(config, **values)

        return guarded

    def _config(self) -> Config:
        config = self._live.current()
        if config is None:
            raise no_configuration(self._paths)
        if config is not self._seen:
            self._seen = config
            self._metrics.forget_keys_except({key.name for key in config.api_keys} | {NO_KEY, INVALID_KEY})
        return config


def _add_picture_routes(app: Flask, views: SnapshotViews, gate: Gate) -> None:
    for rule, view in (
        ("/api/snapshot", views.image),
        ("/api/snapshot/info", views.info),
        ("/api/snapshot/history", views.history),
        ("/api/snapshot/history/<sequence>", views.history_image),
    ):
        app.add_url_rule(
            rule, rule, gate.guard(rule, view), methods=["GET", "OPTIONS"], provide_automatic_options=False
        )


def _add_open_routes(app: Flask, views: SnapshotViews, live: LiveConfig, registry: CollectorRegistry) -> None:
    def add(rule: str, view: _View) -> None:
        def named() -> Response:
            request.environ[ROUTE] = rule
            return view()

        app.add_url_rule(rule, rule, named, methods=["GET"])

    add("/healthz", lambda: json_response({"status": "alive"}))
    add("/readyz", lambda: views.readiness(live.current()))
    add("/metrics", lambda: Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST))


def _add_error_answers(app: Flask) -> None:
    @app.errorhandler(ProblemError)
    def problem(error: ProblemError) -> Response:
        return error.response()

    tracebacks = LogLimit(TRACEBACKS_PER_MINUTE)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        if tracebacks.admits():
            log.error("unexpected error in %s %s", request.method, request.path, exc_info=error)
        return ProblemError(500, "The request failed; the journal of carwash-snapshot.service says why.").response()

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        return from_http_exception(error)
