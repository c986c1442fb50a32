"""Follows each chain of the audit trail link by link, and names the first entry that is not as it was written.

A chain vouches for itself against everything but its own replacement as a whole. Against that stand the heads that
left the house: in evidence packs, or written down (`anchor`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from control_ui.models import AuditEntry, AuditHead, AuditVerification
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.chain import GENESIS, HASHED_FIELDS, entry_hash, moment
from control_ui.services.audit.trail import chain_name
from control_ui.services.errors import InvalidError

BATCH = 2000
_COLUMNS = [getattr(AuditEntry, name) for name in ("id", "tenant_id", "hash", *HASHED_FIELDS)]


@dataclass(frozen=True)
class Broken:
    """The first entry of a chain that is not as it was written. `entry_id` is None where there is no such entry."""

    chain: str
    sequence: int
    entry_id: int | None
    problem: str

    def __str__(self) -> str:
        place = "missing" if self.entry_id is None else f"id {self.entry_id}"
        return f"chain {self.chain}: entry {self.sequence} ({place}): {self.problem}"


@dataclass(frozen=True)
class ChainReport:
    """What was found of one chain: how many entries are whole, and the last of them."""

    chain: str
    tenant_id: int | None
    entries: int
    hash: str
    broken: Broken | None


@dataclass(frozen=True)
class _Link:
    """The last entry that was found whole."""

    sequence: int = 0
    id: int = 0
    hash: str = GENESIS


def verify(session: ScopedSession, chain: str | None = None) -> list[Broken]:
    """The first broken entry of every chain that has one: of all chains of this scope, or of the one that is named."""
    return [report.broken for report in examine(session, chain) if report.broken]


def examine(session: ScopedSession, chain: str | None = None) -> list[ChainReport]:
    """Follow the chains of this scope. Reads in batches, each its own transaction: writers are never kept waiting."""
    names = _chains(session) if chain is None else [chain]
    return [_follow(session, name) for name in names]


def check(session: ScopedSession, actor: Actor, now: datetime) -> list[ChainReport]:
    """Examine the chains of this scope, and keep what was found for the metrics."""
    reports = examine(session)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for report in sorted(reports, key=lambda report: report.chain):
        values = {
            "tenant_id": report.tenant_id,
            "at": now,
            "entries": report.entries,
            "intact": report.broken is None,
            "problem": str(report.broken or ""),
            "verified_by": actor.name,
        }
        statement = insert(AuditVerification).values(chain=report.chain, **values)
        session.execute(statement.on_conflict_do_update(index_elements=["chain"], set_=values))
    session.commit()
    return reports


def anchor(session: ScopedSession, chain: str, sequence: int, digest: str) -> Broken | None:
    """Whether the chain still holds an entry with the hash it had once, as an evidence pack or a note tells."""
    if sequence == 0 and digest == GENESIS:
        return None
    query = sa.select(AuditEntry.id, AuditEntry.hash).where(AuditEntry.chain == chain, AuditEntry.sequence == sequence)
    found = session.execute(query).first()
    session.commit()
    if found is None:
        return Broken(chain, sequence, None, "it was there once and is not any more")
    if found.hash != digest:
        return Broken(chain, sequence, found.id, f"its hash is {found.hash} and was {digest}: the chain was rewritten")
    return None


def parse_anchor(text: str) -> tuple[int, str]:
    """`SEQUENCE:HASH`. Raises InvalidError."""
    sequence, _, digest = text.partition(":")
    if not sequence.isdecimal() or len(sequence) > 18 or len(digest) != 64:
        raise InvalidError(f"{text!r} is no anchor: it is SEQUENCE:HASH, with the 64 characters of an entry's hash")
    return int(sequence), digest.lower()


def _chains(session: ScopedSession) -> list[str]:
    """Those with a head, and those with entries: either may have been taken away."""
    heads = session.scalars(sa.select(AuditHead.chain)).all()
    entries = session.scalars(sa.select(AuditEntry.chain).distinct()).all()
    session.commit()
    return sorted({*heads, *entries})


def _follow(session: ScopedSession, chain: str) -> ChainReport:
    link, owner = _Link(), _owner(session, chain)
    while True:
        grown = False
        for entry in _after(session, chain, link):
            grown = True
            broken = _problem(chain, entry, link)
            if broken is not None:
                return ChainReport(chain, owner, link.sequence, link.hash, broken)
            link = _Link(entry["sequence"], entry["id"], entry["hash"])
        query = sa.select(AuditHead.sequence, AuditHead.hash, AuditHead.tenant_id).where(AuditHead.chain == chain)
        head = session.execute(query).one_or_none()
        session.commit()
        if not grown or (head is not None and head.sequence == link.sequence):  # else others appended meanwhile
            return ChainReport(chain, owner, link.sequence, link.hash, _problem_of_head(chain, head, link))


def _owner(session: ScopedSession, chain: str) -> int | None:
    """The tenant under which a chain is filed."""
    head = session.execute(sa.select(AuditHead.tenant_id).where(AuditHead.chain == chain)).first()
    query = sa.select(AuditEntry.tenant_id).where(AuditEntry.chain == chain).order_by(AuditEntry.sequence)
    found = head or session.execute(query).first()
    return None if found is None else found.tenant_id


def _after(session: ScopedSession, chain: str, link: _Link) -> Iterator[dict[str, Any]]:
    """Entries behind `link`, in their order; the first of all where nothing was found whole yet."""
    while True:
        batch = _batch(session, chain, link, BATCH)
        session.commit()
        for entry in batch:
            yield entry
            link = _Link(entry["sequence"], entry["id"])
        if not batch:
            return


def _batch(session: ScopedSession, chain: str, link: _Link, limit: int) -> Sequence[dict[str, Any]]:
    """A batch; a shorter one where a value in it cannot even be read, down to the entry itself."""
    query = sa.select(*_COLUMNS).where(AuditEntry.chain == chain).order_by(AuditEntry.sequence, AuditEntry.id)
    if link.id:
        query = query.where(sa.tuple_(AuditEntry.sequence, AuditEntry.id) > (link.sequence, link.id))
    try:
        return [dict(row._mapping) for row in session.execute(query.limit(limit))]
    except (ValueError, TypeError, OperationalError) as error:
        if limit > 1:
            return _batch(session, chain, link, limit // 2)
        found = session.execute(query.with_only_columns(AuditEntry.id, AuditEntry.sequence).limit(1)).one()
        return [{"id": found.id, "sequence": found.sequence, "unreadable": str(error).splitlines()[0]}]


def _problem(chain: str, entry: dict[str, Any], link: _Link) -> Broken | None:
    """What is wrong with an entry that should follow `link`."""
    expected = link.sequence + 1
    if entry["sequence"] != expected:
        words = f"it is not there: entry {link.sequence} is followed by one that is numbered {entry['sequence']}"
        return Broken(chain, expected, None, words)
    if "unreadable" in entry:
        words = f"a value in it cannot be read: {entry['unreadable']}"
    elif _hash_of(entry) != entry["hash"]:
        words = "its content does not match its hash: one of the two was changed"
    elif entry["previous_hash"] != link.hash:
        words = f"it does not follow entry {link.sequence}: one of the two was replaced"
    elif chain_name(entry["tenant_id"]) != chain:
        words = f"it is filed under tenant {entry['tenant_id']}, which its chain does not belong to"
    else:
        return None
    return Broken(chain, expected, entry["id"], words)


def _hash_of(entry: dict[str, Any]) -> str | None:
    """None where an entry holds what none of ours can hold."""
    try:
        return entry_hash({**entry, "at": moment(entry["at"])})
    except (TypeError, ValueError, AttributeError):
        return None


def _problem_of_head(chain: str, head: Any, link: _Link) -> Broken | None:
    if head is None:
        words = "the chain's head is gone: nothing shows that this entry is the last"
    elif head.sequence != link.sequence:
        words = f"the chain's head says that entry {head.sequence} is the last: the head was altered, or"
        if str(head.sequence).isdecimal() and int(head.sequence) > link.sequence:
            return Broken(chain, link.sequence + 1, None, f"{words} the end was cut off")
        words += " entries were planted"
    elif head.hash != link.hash:
        words = "the chain's head carries another hash: one of the two was altered"
    elif chain_name(head.tenant_id) != chain:
        words = f"the chain's head is filed under tenant {head.tenant_id}, which it does not belong to"
    else:
        return None
    return Broken(chain, link.sequence, link.id or None, words)
