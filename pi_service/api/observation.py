"""Wraps the whole API: counts and times every request, logs it, and adds the headers every answer carries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from pi_service.api import cors
from pi_service.api.auth import NO_KEY
from pi_service.api.metrics import METHODS, ApiMetrics
from pi_service.api.request_log import RequestLog

ROUTE = "carwash.route"  # these are set in the WSGI environment by the views
KEY = "carwash.key"
CORS_ORIGINS = "carwash.cors_origins"
UNMATCHED = "unmatched"
_LOGGED_PREFIX = "/api/"  # probes and scrapes come by themselves and are counted, not logged

_Headers = list[tuple[str, str]]
_WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Observation:
    """WSGI middleware. Cheaper than Flask's before/after hooks, and it sees errors and unmatched routes as well."""

    def __init__(self, app: _WsgiApp, metrics: ApiMetrics, request_log: RequestLog) -> None:
        self._app = app
        self._metrics = metrics
        self._request_log = request_log

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = time.perf_counter()
        status = 500

        def start(line: str, headers: _Headers, exc_info: Any = None) -> Any:
            nonlocal status
            status = int(line[:3])
            return start_response(line, [*headers, *_added_headers(environ)], exc_info)

        answer = self._app(environ, start)
        self._observe(environ, status, time.perf_counter() - started)
        return answer

    def _observe(self, environ: dict[str, Any], status: int, duration_seconds: float) -> None:
        route = environ.get(ROUTE, UNMATCHED)
        method = environ["REQUEST_METHOD"]
        if method not in METHODS:
            method = "other"
        key = environ.get(KEY, NO_KEY)
        self._metrics.observe(route, method, status, key, duration_seconds)
        if route.startswith(_LOGGED_PREFIX):
            self._request_log.note(route, method, status, key, duration_seconds, environ.get("REMOTE_ADDR", "-"))


def _added_headers(environ: dict[str, Any]) -> _Headers:
    headers = [("X-Content-Type-Options", "nosniff")]
    origins = environ.get(CORS_ORIGINS)
    if origins:
        headers += cors.headers_for(environ.get("HTTP_ORIGIN"), origins, environ["REQUEST_METHOD"])
    return headers
