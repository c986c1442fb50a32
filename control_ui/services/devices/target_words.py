"""Targets as people say them: `all sites`, `group West coast`, `ring=canary`, `chosen` one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from control_ui.models import Group
from control_ui.models.scope import ScopedSession


def group_names(session: ScopedSession, targets: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Names of the groups that these targets mean; those that are gone are left out."""
    ids = {target["group_id"] for target in targets if target.get("group_id")}
    return dict(session.execute(sa.select(Group.id, Group.name).where(Group.id.in_(ids))).all()) if ids else {}


def groups(session: ScopedSession) -> list[Group]:
    """Every group of this scope, by name."""
    return list(session.scalars(sa.select(Group).order_by(Group.name, Group.id)))


def words(target: Mapping[str, Any], group_names: Mapping[int, str]) -> str:
    """What was asked for, however many devices that was."""
    if target.get("all"):
        return "all sites"
    if group_id := target.get("group_id"):
        return f"group {group_names.get(group_id, f'{group_id}, which is gone')}"
    if query := target.get("query"):
        return str(query)
    if run_id := target.get("failed_of"):
        return f"failed in run {run_id}"
    return "chosen"
