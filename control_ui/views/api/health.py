"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

import redis
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.health import Health, Readiness
from control_ui.views.state import app_state

api = Api("health", "health", prefix="")


@api.get("/healthz", returns=Health)
def healthz(_call: Call) -> Health:
    """Whether this process answers."""
    return Health(status="ok")


@api.get("/readyz", returns=Readiness)
def readyz(call: Call) -> Reply:
    """Whether it can do its work. 503 while the database or Redis is away."""
    database = store = "ok"
    try:
        call.session.execute(sa.text("SELECT 1"))
    except SQLAlchemyError:
        database = "does not answer"
    try:
        app_state().redis.ping()
    except redis.RedisError:
        store = "does not answer"
    ready = database == store == "ok"
    status = "ready" if ready else "not ready"
    return Reply(Readiness(status=status, database=database, redis=store), status=200 if ready else 503)
