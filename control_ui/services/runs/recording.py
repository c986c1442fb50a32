"""Stores what a run reports: events by the thousand, hosts as they change. Doing it twice is like doing it once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from control_ui.models import HostResult, RunEvent
from control_ui.models.scope import ScopedSession
from control_ui.services.runs.locks import table

log = logging.getLogger(__name__)
_EVENTS = table(RunEvent)
_HOSTS = table(HostResult)
_KEY = ("run_id", "host")
_REFUSALS = (DataError, IntegrityError)
Row = dict[str, Any]


def store(session: ScopedSession, events: Sequence[Row], *hosts: Sequence[Row]) -> None:
    """Insert events, which are there already where they were stored before, and update hosts. Commits.

    Rows are dictionaries by column; those of hosts are found by `run_id` and `host`, and within one sequence all of
    them have the same columns. Raises DBAPIError while the database is away; then nothing was stored.
    """
    try:
        _insert(session, events)
    except _REFUSALS:
        session.rollback()
        log.exception("one of %s events cannot be stored as it is", len(events))
        _insert_one_by_one(session, events)
    for rows in hosts:
        _update(session, rows)
    session.commit()


def _insert(session: ScopedSession, events: Sequence[Row]) -> None:
    if events:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        session.execute(insert(_EVENTS).on_conflict_do_nothing(), list(events))


def _insert_one_by_one(session: ScopedSession, events: Sequence[Row]) -> None:
    """An event that the database refuses must not keep the others away, and leaves at least its place."""
    for event in events:
        try:
            _insert(session, [event])
        except _REFUSALS as error:
            session.rollback()
            words = f"[this event could not be stored: {type(error.orig).__name__}]"
            _insert(session, [event | {"task": "", "play": "", "stdout": words, "result": {}}])
        session.commit()


def _update(session: ScopedSession, hosts: Sequence[Row]) -> None:
    if not hosts:
        return
    columns = [name for name in hosts[0] if name not in _KEY]
    change = (
        sa.update(_HOSTS)
        .where(*(_HOSTS.c[name] == sa.bindparam(f"key_{name}") for name in _KEY))
        .values({name: sa.bindparam(f"new_{name}") for name in columns})
    )
    rows = [
        {f"key_{name}": host[name] for name in _KEY} | {f"new_{name}": host[name] for name in columns} for host in hosts
    ]
    session.execute(change, rows)
