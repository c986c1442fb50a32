"""What devices ran before what they run now, as far as that came from here."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from control_ui.models import ConfigVersion, DeploymentDevice, DeviceState, RollbackPoint
from control_ui.models.scope import ScopedSession


def previous(session: ScopedSession, device_ids: Collection[int]) -> dict[int, int]:
    """Ids of configurations by device; without devices of which nothing earlier is known.

    Numbers only grow, so it is the highest below the one in force that says something else, leaving out what a
    deployment was to bring and the Pi never reported. Going back twice comes back to where one was.
    """
    now, earlier, numbers = (sa.orm.aliased(ConfigVersion) for _ in range(3))
    brought = sa.exists().where(DeploymentDevice.config_version_id == earlier.id)
    came = sa.exists().where(DeploymentDevice.config_version_id == earlier.id, DeploymentDevice.changed_at.is_not(None))
    found_there = sa.exists().where(DeploymentDevice.previous_config_version_id == earlier.id)
    highest = (
        sa.select(earlier.device_id, sa.func.max(earlier.number).label("number"))
        .join(DeviceState, DeviceState.device_id == earlier.device_id)
        .join(now, sa.and_(now.device_id == earlier.device_id, now.number == DeviceState.config_version))
        .where(
            earlier.device_id.in_(device_ids),
            earlier.number < now.number,
            earlier.content_sha256 != now.content_sha256,
            sa.or_(~brought, came, found_there),
        )
        .group_by(earlier.device_id)
        .subquery()
    )
    query = sa.select(numbers.device_id, numbers.id).join(
        highest, sa.and_(highest.c.device_id == numbers.device_id, highest.c.number == numbers.number)
    )
    return dict(session.execute(query).all())


def at_run(session: ScopedSession, run_id: int, device_ids: Collection[int]) -> dict[int, int | None]:
    """What these devices ran when a run began; None where that did not come from here."""
    query = sa.select(RollbackPoint.device_id, RollbackPoint.config_version_id).where(
        RollbackPoint.run_id == run_id, RollbackPoint.device_id.in_(device_ids)
    )
    return dict(session.execute(query).all())


def numbered(session: ScopedSession, device_ids: Collection[int], number: int) -> dict[int, int]:
    """The configurations of these devices with this number."""
    query = sa.select(ConfigVersion.device_id, ConfigVersion.id).where(
        ConfigVersion.device_id.in_(device_ids), ConfigVersion.number == number
    )
    return dict(session.execute(query).all())
