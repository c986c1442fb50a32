"""The audit trail: append-only, hash-chained, one chain for each tenant and one for the platform.

The database itself refuses UPDATE, DELETE and TRUNCATE on the entries (see the first migration). A chain a tenant
lets an evidence
pack be verified without anybody else's entries.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from control_ui.models.base import Base, Walled


class AuditEntry(Walled, Base):
    """Who did what to what, why, from where, with what result."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        sa.UniqueConstraint("chain", "sequence"),
        sa.Index("ix_audit_entries_subject", "subject_type", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[str] = mapped_column(sa.String(24))
    """`tenant:<id>` or `platform`."""
    sequence: Mapped[int]
    """1, 2, 3 ... in its chain."""
    at: Mapped[datetime] = mapped_column(index=True)
    actor_kind: Mapped[str] = mapped_column(sa.String(24))
    """user, token, device, system or anonymous."""
    actor_id: Mapped[int | None]
    actor_name: Mapped[str]
    action: Mapped[str] = mapped_column(sa.String(63), index=True)
    """Noun and verb: `template.update`, `session.sign_in`."""
    outcome: Mapped[str] = mapped_column(sa.String(24))
    """`ok` or `refused`."""
    subject_type: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[str] = mapped_column(sa.String(63))
    subject_name: Mapped[str]
    reason: Mapped[str]
    before: Mapped[Any | None] = mapped_column(sa.JSON)
    after: Mapped[Any | None] = mapped_column(sa.JSON)
    remote_address: Mapped[str] = mapped_column(sa.String(45))
    request_id: Mapped[str] = mapped_column(sa.String(36))
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))


class AuditHead(Walled, Base):
    """The end of a chain: locked to append, and what a cut-off tail is noticed by."""

    __tablename__ = "audit_heads"

    chain: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(sa.String(64))


class AuditVerification(Walled, Base):
    """What the last verification of a chain found. Not in the trail itself: a broken chain may take no entry."""

    __tablename__ = "audit_verifications"

    chain: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    at: Mapped[datetime]
    entries: Mapped[int]
    """How many were read, up to the first broken one."""
    intact: Mapped[bool]
    problem: Mapped[str] = mapped_column(default="")
    verified_by: Mapped[str]
