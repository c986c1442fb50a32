"""Partitions by day, on PostgreSQL: made ahead of time, and dropped whole when nobody keeps their rows any more.

Rows of a day without a partition lie in `<table>_pdefault`, and move when the day gets one.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from control_ui.models.scope import ScopedSession

DAYS_AHEAD = 7
MOST_AT_ONCE = 60
"""New partitions in one go: each holds a lock on its table for a moment."""
LOCK_SECONDS = 5
_LOCK = 0x63617277  # of all advisory locks in this database, ours: only one process changes partitions at a time
_DAY = re.compile(r"_p(\d{8})$")


def ensure(session: ScopedSession, table: str, first_kept: date, now: datetime) -> int:
    """Make the partitions of the days to come, and of days since `first_kept` whose rows lie in the default one; gives
    how many. Another process that does it at this moment is left to it. Commits."""
    if not _alone(session):
        return 0
    today = now.astimezone(UTC).date()
    ahead = {today + timedelta(days=days) for days in range(-1, DAYS_AHEAD + 1)}
    wanted = sorted((ahead | _days_in_default(session, table, first_kept)) - set(existing(session, table)))
    for day in wanted[:MOST_AT_ONCE]:
        _make(session, table, day)
    session.commit()
    return len(wanted[:MOST_AT_ONCE])


def drop(session: ScopedSession, table: str, first_kept: date) -> int:
    """Drop the partitions of all days before `first_kept`; gives how many. Commits."""
    if not _alone(session):
        return 0
    old = [day for day in existing(session, table) if day < first_kept]
    for day in old:
        session.execute(sa.text(f"DROP TABLE {_name(table, day)}"))
    session.commit()
    return len(old)


def existing(session: ScopedSession, table: str) -> list[date]:
    """The days that have a partition, in order."""
    query = sa.text(
        "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
        " WHERE inhparent = CAST(:parent AS regclass) ORDER BY child.relname"
    )
    names = session.scalars(query, {"parent": table})
    return [datetime.strptime(found[1], "%Y%m%d").date() for name in names if (found := _DAY.search(name))]


def _alone(session: ScopedSession) -> bool:
    """Whether no other process changes partitions, until the transaction ends. Waits for other locks are short: rows
    keep coming in."""
    session.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
    return bool(session.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}))


def _days_in_default(session: ScopedSession, table: str, first_kept: date) -> set[date]:
    query = sa.text(
        f"SELECT DISTINCT CAST(at AT TIME ZONE 'UTC' AS date) FROM {table}_pdefault WHERE at >= :first"  # noqa: S608
    )
    return set(session.scalars(query, {"first": _start(first_kept)}))


def _make(session: ScopedSession, table: str, day: date) -> None:
    """A partition cannot be made while the default one holds rows of its day: they move before it is attached."""
    name, start, end = _name(table, day), _start(day), _start(day + timedelta(days=1))
    session.execute(sa.text(f"LOCK TABLE {table}_pdefault IN ACCESS EXCLUSIVE MODE"))  # nothing may slip in between
    session.execute(sa.text(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)"))
    session.execute(
        sa.text(
            f"WITH moved AS (DELETE FROM {table}_pdefault WHERE at >= :start AND at < :end RETURNING *)"  # noqa: S608
            f" INSERT INTO {name} SELECT * FROM moved"
        ),
        {"start": start, "end": end},
    )
    bounds = f"FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
    session.execute(sa.text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES {bounds}"))


def _name(table: str, day: date) -> str:
    return f"{table}_p{day:%Y%m%d}"


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
