"""Whether a run that was queued earlier would still give a host what is wanted of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from control_ui.models import ConfigVersion, DeviceState, HostResult
from control_ui.models.scope import ScopedSession


def stale(session: ScopedSession, results: Sequence[HostResult], now: datetime) -> dict[int, str]:
    """By id, those of the results that must not be carried out, and why: their configuration is wanted no more.

    One statement for all. A host that is simply to get what is desired is never stale.
    """
    pinned = {result.config_version_id for result in results if result.config_version_id is not None}
    if not pinned:
        return {}
    reasons = _reasons(session, pinned, now)
    return {result.id: reasons[result.config_version_id] for result in results if result.config_version_id in reasons}


def is_stale(session: ScopedSession, host_result: HostResult, now: datetime | None = None) -> str | None:
    """Why this host of a queued run must not be worked on; None where it may."""
    return stale(session, [host_result], now or datetime.now(UTC)).get(host_result.id)


def _reasons(session: ScopedSession, version_ids: set[int], now: datetime) -> dict[int, str]:
    """By id of version, why it is wanted no more; of those that are."""
    wanted = sa.orm.aliased(ConfigVersion)
    query = (
        sa.select(ConfigVersion.id, ConfigVersion.number, wanted.id, wanted.number, DeviceState.desired_expires_at)
        .join(DeviceState, DeviceState.device_id == ConfigVersion.device_id)
        .outerjoin(wanted, wanted.id == DeviceState.desired_config_id)
        .where(ConfigVersion.id.in_(version_ids))
    )
    reasons: dict[int, str] = {}
    for version_id, number, wanted_id, wanted_number, expires_at in session.execute(query):
        if wanted_id is None:
            reasons[version_id] = f"version {number} is not wanted any more: it was withdrawn"
        elif wanted_id != version_id:
            reasons[version_id] = f"version {number} is not wanted any more: version {wanted_number} is"
        elif expires_at is not None and expires_at <= now:
            reasons[version_id] = f"version {number} was wanted until {expires_at.isoformat(timespec='minutes')}"
    return reasons
