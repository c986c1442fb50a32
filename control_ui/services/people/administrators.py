"""A tenant that nobody can administer could only be helped from outside: the last administrator stays one."""

from __future__ import annotations

import sqlalchemy as sa

from control_ui.models import User
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import ConflictError

ADMINISTERING = (Role.ADMIN, Role.PLATFORM_ADMIN)


def lock_others(session: ScopedSession, user: User) -> int:
    """How many other administrators there are, beside `user`, in the same tenant (or of the platform) who can come in.

    They and `user`, if one of them, are held until the transaction ends, always in the same order: of two
    administrators who disable each other at the same moment, one waits, and then finds the other gone.
    """
    query = sa.select(User.id).where(
        User.tenant_id.is_not_distinct_from(user.tenant_id), User.role.in_(ADMINISTERING), User.disabled_at.is_(None)
    )
    ids = session.scalars(query.order_by(User.id).with_for_update(key_share=True)).all()
    return len(set(ids) - {user.id})


def check_one_is_left(role_before: str, user: User, others: int) -> None:
    """After `user` has been changed. Raises ConflictError where that left nobody."""
    stays = user.role in ADMINISTERING and user.disabled_at is None
    if role_before in ADMINISTERING and not stays and others == 0:
        raise ConflictError(f"{user.email} is the last administrator: make somebody else one first")
