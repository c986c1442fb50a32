"""A POST that starts work is done once, however often it is sent with the same Idempotency-Key."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from control_ui.models import IdempotencyKey
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import ConflictError, InvalidError

REMEMBER = timedelta(hours=24)


def request_hash(method: str, path: str, body: bytes) -> str:
    return hashlib.sha256(b"\n".join([method.encode(), path.encode(), body])).hexdigest()


def claim(session: ScopedSession, *, owner: str, key: str, request_sha256: str, now: datetime) -> IdempotencyKey:
    """The key's row: new, and then committed together with the work it stands for, or as the first request left it.

    Raises InvalidError where the key was used for another request, ConflictError where the first one has no answer
    (yet).
    """
    query = sa.select(IdempotencyKey).where(IdempotencyKey.owner == owner, IdempotencyKey.key == key)
    found = session.scalars(query).one_or_none()
    if found is None:
        row = IdempotencyKey(
            tenant_id=session.scope.tenant_id, owner=owner, key=key, request_sha256=request_sha256, created_at=now
        )
        session.add(row)
        try:
            session.flush()
        except IntegrityError:  # a twin was quicker, and has just committed
            session.rollback()
            found = session.scalars(query).one()
        else:
            return row
    if found.request_sha256 != request_sha256:
        raise InvalidError("this Idempotency-Key was used for another request: take a new key for each piece of work")
    if found.status_code is None:
        raise ConflictError(
            "the first request with this Idempotency-Key is being worked on, or its answer was lost:"
            " look whether its work is there"
        )
    return found


def keep_answer(session: ScopedSession, row: IdempotencyKey, status_code: int, answer: Any) -> None:
    """Remember what was answered, and commit."""
    row.status_code, row.answer = status_code, answer
    session.add(row)
    session.commit()


def forget(session: ScopedSession, now: datetime) -> int:
    """Delete keys older than a day; gives how many there were."""
    result = session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < now - REMEMBER))
    session.commit()
    return int(getattr(result, "rowcount", 0))
