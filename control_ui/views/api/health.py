"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

import redis
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from control_ui.services.errors import UnavailableError
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.health import Health, Readiness
from control_ui.views.state import app_state

api = Api("health", "health", prefix="")


@api.get("/healthz", returns=Health)
def healthz(_call: Call) -> Health:
    """Whether this process answers."""
    return Health(status="ok")


@api.get("/readyz", returns=Readiness)
def readyz(call: Call) -> Readiness:
    """Whether it can do its work. 503 while the database or Redis is away."""
    away = []
    try:
        call.session.execute(sa.text("SELECT 1"))
    except SQLAlchemyError:
        away.append("the database")
    try:
        app_state().redis.ping()
    except redis.RedisError:
        away.append("Redis")
    if away:
        raise UnavailableError(f"not ready: {' and '.join(away)} cannot be reached")
    return Readiness(status="ready", database="ok", redis="ok")
