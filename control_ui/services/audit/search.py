"""Finds entries of the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import AuditEntry
from control_ui.models.scope import ScopedSession
from control_ui.services.pages import Page, paginate


@dataclass(frozen=True)
class Filters:
    """What is looked for; what is None is not asked about."""

    actor: str | None = None
    """Part of a name."""
    action: str | None = None
    """`template.update`, or `template` for everything that was done to templates."""
    subject: str | None = None
    """`device`, or `device:7`."""
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    text: str | None = None
    """Part of the reason, or of the subject's name."""


def search(session: ScopedSession, filters: Filters, *, limit: int, cursor: str | None) -> Page[AuditEntry]:
    """Entries of this scope's chains, the newest first. Raises InvalidError for a bad cursor."""
    query = sa.select(AuditEntry).where(*_conditions(filters))
    return paginate(session, query, by=[AuditEntry.id], limit=limit, cursor=cursor, descending=True)


def _conditions(wanted: Filters) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if wanted.actor is not None:
        conditions.append(AuditEntry.actor_name.icontains(wanted.actor, autoescape=True))
    if wanted.action is not None:
        conditions.append(_of_action(wanted.action))
    if wanted.subject is not None:
        conditions.append(_of_subject(wanted.subject))
    if wanted.outcome is not None:
        conditions.append(AuditEntry.outcome == wanted.outcome)
    if wanted.since is not None:
        conditions.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditEntry.at < wanted.until)
    if wanted.text is not None:
        places = (AuditEntry.reason, AuditEntry.subject_name)
        conditions.append(sa.or_(*(place.icontains(wanted.text, autoescape=True) for place in places)))
    return conditions


def _of_action(action: str) -> sa.ColumnElement[bool]:
    if "." in action:
        return AuditEntry.action == action
    return AuditEntry.action.startswith(f"{action}.", autoescape=True)


def _of_subject(subject: str) -> sa.ColumnElement[bool]:
    kind, _, subject_id = subject.partition(":")
    is_kind = AuditEntry.subject_type == kind
    return sa.and_(is_kind, AuditEntry.subject_id == subject_id) if subject_id else is_kind
