"""Every test of the control plane runs on SQLite and on PostgreSQL, with a real Redis. Databases are copied from a
migrated one."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from control_ui import create_app, database, make_state
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session, session_factory
from control_ui.models.secrets import keyring
from control_ui.services.pictures.keys import picture_keys
from control_ui.settings import Settings
from control_ui.views.state import KEY
from tests.control_ui.servers import Postgres, Redis

SECRET_KEY = secrets.token_urlsafe(48)
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL with a migrated database `template_carwash`."""
    server = Postgres()
    server.execute("CREATE DATABASE template_carwash")
    database.upgrade(server.url("template_carwash"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own, of the newest shape."""
    if request.param == "sqlite":
        path = tmp_path / "control.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"test_{secrets.token_hex(6)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE template_carwash STRATEGY file_copy")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.stop()


@pytest.fixture
def redis_client(redis_server: Redis) -> Iterator[redis.Redis]:
    """An empty Redis."""
    client = redis.Redis.from_url(redis_server.url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def settings(database_url: str, redis_server: Redis, redis_client: redis.Redis, tmp_path: Path) -> Settings:
    return _settings(database_url, redis_server, tmp_path / "instance")


def _settings(database_url: str, redis_server: Redis, instance: Path) -> Settings:
    return Settings.from_environment(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_server.url,
            "SECRET_KEY": SECRET_KEY,
            "CARWASH_INSTANCE_DIR": str(instance),
            "CARWASH_ALERT_WEBHOOK_TOKEN": "webhook-token-of-the-tests",
            "CARWASH_METRICS_TOKEN": "metrics-token-of-the-tests",
        }
    )


@pytest.fixture
def sessions(settings: Settings) -> Iterator[SessionFactory]:
    """Makes sessions on this test's database."""
    keyring.load(settings.encryption_keys)
    picture_keys.load(settings.secret_key)
    engine = database.make_engine(settings.database_url)
    yield session_factory(engine)
    engine.dispose()


@pytest.fixture
def session(sessions: SessionFactory) -> Iterator[ScopedSession]:
    """A session that sees all tenants."""
    with open_session(sessions, ALL_TENANTS) as session:
        yield session


@pytest.fixture(scope="session")
def built_app(redis_server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Built once: it takes longer than most tests. What it works with is exchanged for each test."""
    directory = tmp_path_factory.mktemp("built")
    return create_app(_settings(f"sqlite:///{directory / 'nothing.db'}", redis_server, directory))


@pytest.fixture
def app(built_app: Flask, settings: Settings) -> Iterator[Flask]:
    state = built_app.extensions[KEY] = make_state(settings)
    yield built_app
    state.sessions.kw["bind"].dispose()
    state.redis.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
