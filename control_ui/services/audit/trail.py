"""Appends to the audit trail, in the transaction of what it tells about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from control_ui.models import AuditEntry, AuditHead
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.chain import GENESIS, entry_hash, moment
from control_ui.services.redaction import redact, redact_text

OK = "ok"
REFUSED = "refused"


@dataclass(frozen=True)
class Subject:
    """What was acted on: `Subject("template", 7, "standard")`."""

    type: str
    id: int | str
    name: str = ""


def record(
    session: ScopedSession,
    actor: Actor,
    action: str,
    subject: Subject,
    *,
    tenant_id: int | None,
    reason: str = "",
    before: Any = None,
    after: Any = None,
    outcome: str = OK,
    at: datetime | None = None,
) -> AuditEntry:
    """Append one entry to the tenant's chain (None: the platform's). `before` and `after` are JSON values, redacted
    here.

    The chain's head stays locked until the transaction ends, so that no two entries follow the same one.
    """
    head = _lock_head(session, tenant_id)
    fields: dict[str, Any] = {
        "chain": head.chain,
        "sequence": head.sequence + 1,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "action": action,
        "outcome": outcome,
        "subject_type": subject.type,
        "subject_id": str(subject.id),
        "subject_name": redact_text(subject.name),
        "reason": redact_text(reason),
        "before": redact(before),
        "after": redact(after),
        "remote_address": actor.remote_address,
        "request_id": actor.request_id,
        "previous_hash": head.hash,
    }
    at = (at or datetime.now(UTC)).astimezone(UTC)
    digest = entry_hash({**fields, "at": moment(at)})
    entry = AuditEntry(tenant_id=tenant_id, at=at, hash=digest, **fields)
    session.add(entry)
    head.sequence, head.hash = entry.sequence, digest
    session.flush()
    return entry


def chain_name(tenant_id: int | None) -> str:
    return "platform" if tenant_id is None else f"tenant:{tenant_id}"


def _lock_head(session: ScopedSession, tenant_id: int | None) -> AuditHead:
    """The end of the chain, held for this transaction. SQLite has one writer anyway."""
    chain = chain_name(tenant_id)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    first = {"chain": chain, "tenant_id": tenant_id, "sequence": 0, "hash": GENESIS}
    session.execute(insert(AuditHead).values(first).on_conflict_do_nothing())
    query = sa.select(AuditHead).where(AuditHead.chain == chain).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()
