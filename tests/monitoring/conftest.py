"""A Pi and a control plane whose real /metrics are there to be scraped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.control_ui.conftest import (
    app,
    built_app,
    client,
    migrated_sqlite,
    redis_client,
    redis_server,
    session,
    sessions,
    settings,
)
from tests.pi_service.api_fixtures import pi
from tests.pi_service.conftest import config_document, paths

__all__ = [
    "app",
    "built_app",
    "client",
    "config_document",
    "migrated_sqlite",
    "paths",
    "pi",
    "redis_client",
    "redis_server",
    "session",
    "sessions",
    "settings",
]


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """SQLite is enough: what is told does not depend on the database."""
    path = tmp_path / "control.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"
