"""Requests that must not happen twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from control_ui.models.base import Base, Walled


class IdempotencyKey(Walled, Base):
    """The answer that was given to a POST, for a client that asks again because it never saw it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (sa.UniqueConstraint("owner", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(63))
    """Whose key it is: kind and id of the actor."""
    key: Mapped[str] = mapped_column(sa.String(128))
    request_sha256: Mapped[str] = mapped_column(sa.String(64))
    """Of method, path and body: the same key with another request is a mistake."""
    status_code: Mapped[int | None]
    """None while the first request is still being worked on."""
    answer: Mapped[Any | None] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(index=True)
