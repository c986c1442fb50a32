"""The control plane: who may do what, which configuration each site is meant to have, and the runs that bring it
there."""

from __future__ import annotations

import functools
import re
import uuid

import redis
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from control_ui import cli, views
from control_ui.database import make_engine
from control_ui.models.scope import session_factory
from control_ui.models.secrets import keyring
from control_ui.services.pictures.keys import picture_keys
from control_ui.services.pictures.latest import Pictures
from control_ui.services.runs.catalogue import catalogue
from control_ui.settings import Settings
from control_ui.views import csrf, login_session, pages, problem, request_metrics
from control_ui.views.blueprints import register_all
from control_ui.views.state import KEY, AppState
from control_ui.work_queue import WorkQueue

REDIS_SECONDS = 3
MOST_BODY_BYTES = 4 * 1024 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,36}")

__all__ = ["create_app", "views"]


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Raises SettingsError where the environment does not make sense."""
    settings = settings or Settings.from_environment()
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MOST_BODY_BYTES,
        SESSION_COOKIE_SECURE=settings.cookie_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # the pages check it themselves, and so does the API for cookies
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.extensions[KEY] = make_state(settings)
    catalogue.load(settings.repository)
    catalogue.tell_faults()
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    request_metrics.register(app)
    app.before_request(_name_request)
    app.after_request(functools.partial(_harden, _content_policy(settings)))
    problem.register(app)
    csrf.register(app)
    login_session.register(app)
    register_all(app)
    pages.register(app)
    cli.register(app)
    return app


def make_state(settings: Settings) -> AppState:
    """What the views work with: made once for each process, which takes the settings' keys."""
    keyring.load(settings.encryption_keys)
    picture_keys.load(settings.secret_key)
    connection = redis.Redis.from_url(
        settings.redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )
    sessions = session_factory(make_engine(settings.database_url))
    return AppState(settings, sessions, connection, WorkQueue(connection), Pictures())


def _name_request() -> None:
    """Every request has an id that is in its answer, in the log and in the audit trail."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())


def _content_policy(settings: Settings) -> str:
    """Pictures of sites are objects of the page (`blob:`); those of the map come from its server, if it has one."""
    pictures = " ".join(part for part in ("'self' data: blob:", settings.map_tiles_origin) if part)
    return (
        f"default-src 'none'; style-src 'self'; script-src 'self'; img-src {pictures}; font-src 'self';"
        " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def _harden(content_policy: str, response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Content-Security-Policy", content_policy)
    if not response.cache_control:
        response.cache_control.no_store = True
    return response
