"""The engine, and the shortest way to a database of the newest shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_SECONDS = 15
STATEMENT_SECONDS = 60
DEAD_SERVER_SECONDS = 25
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": (DEAD_SERVER_SECONDS - 10) // 5,
    "tcp_user_timeout": DEAD_SERVER_SECONDS * 1000,
}
"""A server that vanishes (its machine lost power, a cable, a firewall that forgot) closes no connection. Without these
a statement would wait for its answer for two hours, or a quarter of an hour for its own bytes to be acknowledged; the
statement timeout is the server's, and ends nothing when there is none."""


def make_engine(url: str, *, pool_size: int = 10) -> sa.Engine:
    """An engine whose connections are checked before use, time out, and on SQLite share the file well."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    limit = STATEMENT_SECONDS * 1000
    options = f"-c statement_timeout={limit} -c idle_in_transaction_session_timeout={limit}"
    return sa.create_engine(
        parsed.set(drivername="postgresql+psycopg2"),  # the plain name means another driver since SQLAlchemy 2.1
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args=KEEPALIVE | {"connect_timeout": 5, "options": options, "application_name": "carwash-control"},
        executemany_mode="values_plus_batch",
        hide_parameters=True,  # a failing statement is logged; its values may be secrets
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside one writer, foreign keys kept, and transactions that are ours to begin."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Take the write lock at once: two transactions that read first and write then could not both go on."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def alembic_config(url: str) -> Config:
    """What alembic's commands need, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to a revision. Doing it twice is like doing it once."""
    command.upgrade(alembic_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to a revision; `base` leaves nothing."""
    command.downgrade(alembic_config(url), revision)
