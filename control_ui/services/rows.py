"""Fetching rows so that what is not there, or not the actor's, is one and the same sentence."""

from __future__ import annotations

from typing import TypeVar

import sqlalchemy as sa

from control_ui.models import Base, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import InvalidError, LostUpdateError, NotFoundError

Row = TypeVar("Row", bound=Base)


def fetch(session: ScopedSession, model: type[Row], row_id: int | str, noun: str) -> Row:
    """The row of this scope with this id. Raises NotFoundError."""
    (key,) = sa.inspect(model).primary_key
    row = session.scalars(sa.select(model).where(key == row_id)).unique().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no {noun} {row_id}")
    return row


def current_tenant(session: ScopedSession) -> Tenant:
    """The tenant that new rows belong to. Raises InvalidError where the scope is all tenants."""
    tenant_id = session.scope.tenant_id
    if tenant_id is None:
        raise InvalidError("say for which tenant: send its slug in the header X-Tenant")
    return session.scalars(sa.select(Tenant).where(Tenant.id == tenant_id)).one()


def check_row_version(row: Base, expected: int, noun: str) -> None:
    """Raises LostUpdateError where `row` is not the one that was read. The flush checks once more, against races."""
    found = row.row_version  # type: ignore[attr-defined]  # every model with a version_id_col has it
    if found != expected:
        raise LostUpdateError(
            f"this {noun} was changed by somebody else (it is at {found}, you read {expected}): read it again"
        )
