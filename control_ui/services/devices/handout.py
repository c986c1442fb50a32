"""The configuration a Pi fetches: whole, and whatever is wanted of it at that moment, never an older one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Device
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration import desire
from control_ui.services.errors import NotFoundError


def wanted(device: Device, now: datetime) -> ConfigVersion:
    """The version, whose document is not read yet. Raises NotFoundError where nothing is wanted."""
    version = desire.wanted(device.state, now)
    if version is None:
        raise NotFoundError(f"no configuration is wanted of {device.name}: it goes on with the one it has")
    return version


def document(session: ScopedSession, version: ConfigVersion) -> dict[str, Any]:
    """What the Pi gets, passwords included."""
    query = sa.select(ConfigVersion.document).where(ConfigVersion.id == version.id)
    content: dict[str, Any] = session.scalars(query).one()
    return {**content, "version": version.number}
