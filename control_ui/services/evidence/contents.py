"""What is in an evidence pack beside the reports: the trail, and the records its entries are about, as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from control_ui.models import AuditEntry, AuditHead
from control_ui.models.scope import ScopedSession
from control_ui.services.audit.chain import GENESIS, HASHED_FIELDS, moment
from control_ui.services.audit.trail import chain_name
from control_ui.services.reports.period import Period

BATCH = 500


@dataclass(frozen=True)
class Anchors:
    """Where a stretch of a chain hangs: between the hash before it and its own last one, and, further on, the head."""

    chain: str
    first_sequence: int | None
    last_sequence: int | None
    hash_before_first: str | None
    hash_of_last: str | None
    head_sequence: int
    head_hash: str

    @property
    def entries(self) -> int:
        if self.first_sequence is None or self.last_sequence is None:
            return 0
        return self.last_sequence - self.first_sequence + 1

    def document(self) -> dict[str, Any]:
        return {
            "chain": self.chain,
            "entries": self.entries,
            "first_sequence": self.first_sequence,
            "last_sequence": self.last_sequence,
            "hash_before_first": self.hash_before_first,
            "hash_of_last": self.hash_of_last,
            "head": {"sequence": self.head_sequence, "hash": self.head_hash},
        }


def anchors(session: ScopedSession, tenant_id: int, period: Period) -> Anchors:
    """Of the tenant's entries from the first to the last of the period, and all between them."""
    entry, chain = AuditEntry, chain_name(tenant_id)
    mine = entry.chain == chain
    first = session.scalar(sa.select(sa.func.min(entry.sequence)).where(mine, entry.at >= period.start))
    last = session.scalar(sa.select(sa.func.max(entry.sequence)).where(mine, entry.at < period.end))
    head = session.execute(sa.select(AuditHead.sequence, AuditHead.hash).where(AuditHead.chain == chain)).first()
    if first is None or last is None or first > last:
        first = last = None
    wanted = [] if first is None or last is None else [first - 1, last]
    query = sa.select(entry.sequence, entry.hash).where(mine, entry.sequence.in_(wanted))
    hashes = {row.sequence: row.hash for row in session.execute(query)}
    session.commit()
    return Anchors(
        chain,
        first,
        last,
        None if first is None else hashes.get(first - 1, GENESIS),
        None if last is None else hashes.get(last),
        0 if head is None else head.sequence,
        GENESIS if head is None else head.hash,
    )


def audit_entries(session: ScopedSession, found: Anchors) -> Iterator[bytes]:
    """A line for each entry, in the canonical form its hash is taken over, with the hash itself."""
    for entry in _entries(session, found, *(getattr(AuditEntry, name) for name in (*HASHED_FIELDS, "hash"))):
        yield canonical({**entry, "at": moment(entry["at"])}).encode() + b"\n"


def audit_hashes(session: ScopedSession, found: Anchors) -> Iterator[bytes]:
    """`<sequence> <hash>` for each entry: by it, one that was rewritten with a hash that fits can be told."""
    for entry in _entries(session, found, AuditEntry.sequence, AuditEntry.hash):
        yield f"{entry['sequence']} {entry['hash']}\n".encode()


def canonical(value: Any) -> str:
    """Compact JSON with sorted keys, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A line of JSON for each row; moments in RFC 3339."""
    for row in rows:
        yield (json.dumps(row, default=_plain, ensure_ascii=False) + "\n").encode()


def _entries(session: ScopedSession, found: Anchors, *columns: Any) -> Iterator[dict[str, Any]]:
    """A batch at a time, each its own transaction."""
    if found.first_sequence is None or found.last_sequence is None:
        return
    for start in range(found.first_sequence, found.last_sequence + 1, BATCH):
        end = min(start + BATCH - 1, found.last_sequence)
        query = sa.select(*columns).where(AuditEntry.chain == found.chain, AuditEntry.sequence.between(start, end))
        batch = session.execute(query.order_by(AuditEntry.sequence)).mappings().all()
        session.commit()
        yield from map(dict, batch)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, StrEnum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no form in JSON here")
