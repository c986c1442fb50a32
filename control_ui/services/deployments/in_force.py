"""Which of our configurations a device runs, by the number it has reported."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from control_ui.models import ConfigVersion, DeviceState
from control_ui.models.scope import ScopedSession


def in_force(session: ScopedSession, device_ids: Collection[int]) -> dict[int, int]:
    """Ids of configurations by device; without those that run nothing, or nothing from here."""
    query = (
        sa.select(DeviceState.device_id, ConfigVersion.id)
        .join(
            ConfigVersion,
            sa.and_(
                ConfigVersion.device_id == DeviceState.device_id, ConfigVersion.number == DeviceState.config_version
            ),
        )
        .where(DeviceState.device_id.in_(device_ids))
    )
    return dict(session.execute(query).all())
