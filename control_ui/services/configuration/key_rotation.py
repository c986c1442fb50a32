"""Encrypting again, with the newest key, what is encrypted at rest, so that an old key can be taken away.

Every column of an encrypted type takes part. A row is changed only if it still holds what was read: somebody may set
a new password at the same moment. Rows done are skipped, so an interrupted rotation is simply run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken

from control_ui.models import Base
from control_ui.models.scope import ScopedSession
from control_ui.models.secrets import SecretJson, SecretText, keyring

BATCH = 200
Column = sa.Column[object]


@dataclass
class Count:
    """Of the secrets of one column. `by_key`: how many each key decrypts, the newest first, each counted once."""

    column: str
    by_key: list[int]
    unreadable: list[int] = field(default_factory=list)
    """Ids of the rows that no key decrypts."""


def count(session: ScopedSession, keys: Sequence[str]) -> list[Count]:
    """Which keys the secrets still need. Reads every one of them, in batches, and changes nothing."""
    fernets = [Fernet(key) for key in keys]
    counts = []
    for column in secret_columns():
        found = Count(str(column), [0] * len(fernets))
        for batch in _batches(session, column):
            for row_id, token in batch:
                fits = next((at for at, fernet in enumerate(fernets) if _decrypts(fernet, token)), None)
                if fits is None:
                    found.unreadable.append(row_id)
                else:
                    found.by_key[fits] += 1
            session.commit()  # nothing was written; SQLite's one write lock is given back
        counts.append(found)
    return counts


def rotate(
    session: ScopedSession, keys: Sequence[str], progress: Callable[[str, int], None] = lambda _column, _done: None
) -> int:
    """Encrypt with the newest of `keys` what is not yet; commits every batch, and gives how many were changed.

    `progress` is told the column and how many of its rows were looked at. Rows no key decrypts stay as they are:
    `count` names them. `keys` are those of this process (see Keyring.load)."""
    newest, *older = (Fernet(key) for key in keys)
    changed = 0
    for column in secret_columns():
        seen = 0
        for batch in _batches(session, column):
            for row_id, token in batch:
                if not _decrypts(newest, token) and any(_decrypts(fernet, token) for fernet in older):
                    changed += _swap(session, column, row_id, token)
            session.commit()
            seen += len(batch)
            progress(str(column), seen)
    return changed


def secret_columns() -> list[Column]:
    """Every column that is encrypted at rest."""
    return [
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, SecretText | SecretJson)
    ]


def _batches(session: ScopedSession, column: Column) -> Iterator[list[tuple[int, bytes]]]:
    """Id and encrypted content, by id: a row that is added meanwhile has the newest key anyway."""
    last = 0
    (key,) = column.table.primary_key.columns
    raw = sa.type_coerce(column, sa.LargeBinary)
    while True:
        query = sa.select(key, raw).where(key > last, column.is_not(None)).order_by(key).limit(BATCH)
        batch = [(row_id, bytes(token)) for row_id, token in session.execute(query)]
        if not batch:
            return
        yield batch
        last = batch[-1][0]


def _swap(session: ScopedSession, column: Column, row_id: int, token: bytes) -> int:
    (key,) = column.table.primary_key.columns
    fresh = sa.literal(keyring.rotate(token), sa.LargeBinary)
    still = sa.type_coerce(column, sa.LargeBinary) == token
    result = session.execute(sa.update(column.table).where(key == row_id, still).values({column: fresh}))
    return int(getattr(result, "rowcount", 0))


def _decrypts(fernet: Fernet, token: bytes) -> bool:
    try:
        fernet.decrypt(token)
    except InvalidToken:
        return False
    return True
