"""One entry of the trail: what it changed, field by field, and how it hangs in its chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from control_ui.models import AuditEntry, AuditHead
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.audit.chain import GENESIS, HASHED_FIELDS, entry_hash, moment

MOST_FIELDS = 400


@dataclass(frozen=True)
class Field:
    """One value, before and after, as JSON; None where it is not there. `path` is empty for a bare value."""

    path: str
    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Shown:
    """An entry with its neighbours (None at the ends of the chain), and what is found of its hashes."""

    entry: AuditEntry
    previous_id: int | None
    next_id: int | None
    matches_itself: bool
    """Its content still has the hash that was written with it."""
    follows: bool
    """It carries the hash of the entry before it."""
    head_sequence: int
    fields: list[Field]
    more_fields: int


def show(session: ScopedSession, entry_id: int) -> Shown:
    """Raises NotFoundError."""
    entry = rows.fetch(session, AuditEntry, entry_id, "audit entry")
    previous, following = (_neighbour(session, entry, step) for step in (-1, 1))
    expected = GENESIS if entry.sequence == 1 else (previous[1] if previous else "")
    head = session.scalars(sa.select(AuditHead.sequence).where(AuditHead.chain == entry.chain)).one_or_none()
    content = {name: getattr(entry, name) for name in HASHED_FIELDS} | {"at": moment(entry.at)}
    fields = list(_fields(entry.before, entry.after))
    return Shown(
        entry,
        previous[0] if previous else None,
        following[0] if following else None,
        matches_itself=entry_hash(content) == entry.hash,
        follows=entry.previous_hash == expected,
        head_sequence=head or 0,
        fields=fields[:MOST_FIELDS],
        more_fields=len(fields[MOST_FIELDS:]),
    )


def _neighbour(session: ScopedSession, entry: AuditEntry, step: int) -> Any:
    query = sa.select(AuditEntry.id, AuditEntry.hash)
    beside = query.where(AuditEntry.chain == entry.chain, AuditEntry.sequence == entry.sequence + step)
    return session.execute(beside).first()


def _fields(before: Any, after: Any, path: str = "") -> Iterator[Field]:
    """Objects are taken apart, everything else is compared as a whole."""
    if isinstance(before, dict | None) and isinstance(after, dict | None) and not (before is after is None):
        earlier, later = before or {}, after or {}
        for name in [*earlier, *(name for name in later if name not in earlier)]:
            inner = f"{path}.{name}" if path else name
            yield from _fields(earlier.get(name, _ABSENT), later.get(name, _ABSENT), inner)
        return
    if before is None and after is None and not path:
        return
    yield Field(path, _text(before), _text(after))


class _Absent:
    """What is not there, unlike a null that is."""


_ABSENT = _Absent()


def _text(value: Any) -> str | None:
    if isinstance(value, _Absent):
        return None
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
