"""Fetching rows so that what is not there, or not the actor's, is one and the same sentence."""

from __future__ import annotations

from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from control_ui.models import Base, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import ConflictError, InvalidError, LostUpdateError, NotFoundError

Row = TypeVar("Row", bound=Base)


def fetch(session: ScopedSession, model: type[Row], row_id: int | str, noun: str) -> Row:
    """The row of this scope with this id. Raises NotFoundError."""
    (key,) = sa.inspect(model).primary_key
    row = session.scalars(sa.select(model).where(key == row_id)).unique().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no {noun} {row_id}")
    return row


def flush_unless_taken(session: ScopedSession, taken: str) -> None:
    """Write new rows down. Raises ConflictError with the sentence `taken`, and rolls back, where what must be unique in
    them is there already."""
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise ConflictError(taken) from error


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


def swap(
    session: ScopedSession,
    model: type[Row],
    row_id: int | str,
    column: InstrumentedAttribute[Any],
    expected: Any,
    values: dict[str, Any],
) -> bool:
    """Compare and swap: set `values` where `column` is still `expected` (or one of them, if it is a tuple).

    False where somebody else was quicker, and then nothing has changed. A row at hand is read anew in either case.
    """
    (key,) = sa.inspect(model).primary_key
    still = column.in_(expected) if isinstance(expected, tuple) else column == expected
    change = sa.update(model).where(key == row_id, still).values(values)
    result = session.execute(change, execution_options={"synchronize_session": False})
    at_hand = session.identity_map.get(session.identity_key(model, row_id))
    if at_hand is not None:
        session.expire(at_hand, [column.key, *values])
    return bool(getattr(result, "rowcount", 0))


def fetch_locked(session: ScopedSession, model: type[Row], row_id: int | str, noun: str) -> Row:
    """The row as it is now, held until the transaction ends, so that what is decided of it stays true. Rows that refer
    to it can be added by others meanwhile. Raises NotFoundError."""
    (key,) = sa.inspect(model).primary_key
    query = sa.select(model).where(key == row_id).with_for_update(key_share=True, of=model)
    row = session.scalars(query.execution_options(populate_existing=True)).unique().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no {noun} {row_id}")
    return row
