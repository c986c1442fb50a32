"""The settings that a group lays over the templates of its devices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from control_ui.models import Group
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.configuration.layer_check import require_layers


def fetch(session: ScopedSession, group_id: int) -> Group:
    """Raises NotFoundError."""
    return rows.fetch(session, Group, group_id, "group")


def override(
    session: ScopedSession,
    actor: Actor,
    group_id: int,
    row_version: int,
    settings: dict[str, Any],
    *,
    reason: str,
    now: datetime,
) -> Group:
    """Set a group's override. It reaches the devices with the next configuration that is made for them.

    Raises NotFoundError, LostUpdateError, InvalidError."""
    group = fetch(session, group_id)
    rows.check_row_version(group, row_version, "group")
    require_layers({"$.config_override": settings})
    before = group.config_override
    if settings != before:
        group.config_override = settings
        record(
            session,
            actor,
            "group.configure",
            Subject("group", group.id, group.name),
            tenant_id=group.tenant_id,
            reason=reason,
            before={"config_override": before},
            after={"config_override": settings},
            at=now,
        )
    session.commit()
    return group
