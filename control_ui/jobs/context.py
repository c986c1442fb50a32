"""What a job needs of its process: made once, by whoever needs it first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis
import sqlalchemy as sa

from control_ui.database import make_engine
from control_ui.models.scope import ALL_TENANTS, Scope, ScopedSession, SessionFactory, open_session, session_factory
from control_ui.models.secrets import keyring
from control_ui.services.pictures.keys import picture_keys
from control_ui.services.runs.catalogue import catalogue
from control_ui.settings import Settings
from control_ui.work_queue import WorkQueue

REDIS_SECONDS = 3
POOL_SIZE = 4


@dataclass(frozen=True)
class JobContext:
    """The settings of this process, and its ways to the database, to Redis and to the work queue."""

    settings: Settings
    engine: sa.Engine
    sessions: SessionFactory
    redis: redis.Redis
    work: WorkQueue

    def session(self, scope: Scope = ALL_TENANTS) -> ScopedSession:
        """A context manager."""
        return open_session(self.sessions, scope)

    def close(self) -> None:
        self.engine.dispose()
        self.redis.close()


_made: dict[int, JobContext] = {}


def context() -> JobContext:
    """This process's. A process that was forked makes its own: two must not share a connection."""
    if os.getpid() not in _made:
        _made.clear()  # of a parent: its connections are not ours to close
        _made[os.getpid()] = make_context(Settings.from_environment())
    return _made[os.getpid()]


@contextmanager
def using(made: JobContext) -> Iterator[JobContext]:
    """Have the jobs of this process use another context meanwhile."""
    before = dict(_made)
    _made[os.getpid()] = made
    try:
        yield made
    finally:
        _made.clear()
        _made.update(before)


def make_context(settings: Settings) -> JobContext:
    """Load the keys, find the playbooks, and open nothing yet: connections are made when they are used."""
    keyring.load(settings.encryption_keys)
    picture_keys.load(settings.secret_key)
    catalogue.load(settings.repository)
    engine = make_engine(settings.database_url, pool_size=POOL_SIZE)
    connection = redis.Redis.from_url(
        settings.redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )
    return JobContext(settings, engine, session_factory(engine), connection, WorkQueue(connection))
