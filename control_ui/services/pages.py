"""Long lists, a page at a time, by keyset: a page costs the same however deep it lies, and nothing is seen twice."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from control_ui.models.scope import ScopedSession
from control_ui.services.errors import Fault, InvalidError

Row = TypeVar("Row")
MOST_PER_PAGE = 500


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`next` is the cursor of the following page, None on the last."""

    items: Sequence[Row]
    next: str | None


def paginate(
    session: ScopedSession,
    query: sa.Select[Any],
    *,
    by: Sequence[InstrumentedAttribute[Any]],
    limit: int,
    cursor: str | None,
    descending: bool = False,
) -> Page[Any]:
    """A page of `query`, ordered by the columns `by`, which must be unique together and never null. Raises
    InvalidError for a bad cursor."""
    if cursor is not None:
        keys = sa.tuple_(
            *(sa.literal(value, column.type) for value, column in zip(_decode(cursor, by), by, strict=True))
        )
        columns = sa.tuple_(*by)
        query = query.where(columns < keys if descending else columns > keys)
    query = query.order_by(*(column.desc() if descending else column.asc() for column in by)).limit(limit + 1)
    rows = session.scalars(query).unique().all()
    more = len(rows) > limit
    return Page(rows[:limit], _encode(rows[limit - 1], by) if more else None)


def _encode(row: Any, by: Sequence[InstrumentedAttribute[Any]]) -> str:
    values = [getattr(row, column.key) for column in by]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode()


def _decode(cursor: str, by: Sequence[InstrumentedAttribute[Any]]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if not isinstance(values, list) or len(values) != len(by):
            raise ValueError(cursor)
        return [_typed(value, column.type.python_type) for value, column in zip(values, by, strict=True)]
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidError(
            "the cursor is not one that this list gave", [Fault("$.cursor", "is not valid here")]
        ) from error


def _typed(value: Any, kind: type[Any]) -> Any:
    if issubclass(kind, datetime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, int) and abs(value) > 2**63 - 1:
        raise ValueError(value)
    return value
