"""What somebody with full rights on the database could do to the trail."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from control_ui.models.scope import ScopedSession


def execute(session: ScopedSession, statement: str, **values: Any) -> None:
    """Change the trail behind its guards' backs, and commit."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    else:
        for verb in ("update", "delete"):
            session.execute(sa.text(f"DROP TRIGGER IF EXISTS audit_entries_{verb}_guard"))
    session.execute(sa.text(statement), values)
    session.commit()
    session.expunge_all()


def change(session: ScopedSession, chain: str, sequence: int, column: str, value: Any) -> Any:
    """Put another value into a column of an entry; gives the one that was there, as the database keeps it."""
    where = {"chain": chain, "sequence": sequence}
    query = sa.text(f"SELECT {column} FROM audit_entries WHERE chain = :chain AND sequence = :sequence")  # noqa: S608
    before = session.execute(query, where).scalar_one()
    execute(
        session,
        f"UPDATE audit_entries SET {column} = :value WHERE chain = :chain AND sequence = :sequence",  # noqa: S608
        value=value,
        **where,
    )
    return before
