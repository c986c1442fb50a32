"""Who decided on a run or a deployment, by name."""

from __future__ import annotations

import sqlalchemy as sa

from control_ui.models import Approval, User
from control_ui.models.scope import ScopedSession

OF_THE_PLATFORM = "a platform administrator"


def decider(session: ScopedSession, approval: Approval | None) -> str:
    """Empty where nobody has decided. People of the platform are not seen from within a tenant."""
    if approval is None or approval.decided_by_id is None:
        return ""
    found = session.scalars(sa.select(User.email).where(User.id == approval.decided_by_id)).one_or_none()
    return found or OF_THE_PLATFORM
