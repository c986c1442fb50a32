"""Which configuration a Pi is wanted to run: it is offered at every check-in, until it is in force or has expired."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import lazyload

from control_ui.models import ConfigVersion, Device, DeviceState
from control_ui.models.scope import ScopedSession


def want(
    session: ScopedSession,
    device: Device,
    version: ConfigVersion | None,
    *,
    expires_at: datetime | None,
    now: datetime,
    replace: bool = False,
) -> bool:
    """Want `version` of a device from now on, until `expires_at` (None: for ever); no version: want nothing.

    False, and nothing has changed, where a newer one is wanted already: of two deployments that overtake each other
    the later stands. `replace` is for who means it. Flushes and does not commit."""
    return bool(want_many(session, {device.id: version}, expires_at=expires_at, now=now, replace=replace))


def want_many(
    session: ScopedSession,
    versions: Mapping[int, ConfigVersion | None],
    *,
    expires_at: datetime | None,
    now: datetime,
    replace: bool = False,
) -> set[int]:
    """As `want`, for many devices by id. Gives the ids of those that are wanted so now."""
    states = _locked(session, list(versions))
    numbers = {} if replace else _numbers(session, states)
    taken: set[int] = set()
    for state in states:
        version = versions[state.device_id]
        if version is not None and version.device_id != state.device_id:
            raise ValueError(f"configuration {version.id} is not one of device {state.device_id}")
        if version is not None and numbers.get(state.device_id, 0) > version.number and not _expired(state, now):
            continue
        if version is None or state.desired_config_id != version.id:
            state.desired_at = None if version is None else now
        state.desired_config = version
        state.desired_expires_at = None if version is None else expires_at
        taken.add(state.device_id)
    session.flush()
    return taken


def wanted(state: DeviceState, now: datetime) -> ConfigVersion | None:
    """The version that is wanted, if its time is not over."""
    return None if _expired(state, now) else state.desired_config


def _locked(session: ScopedSession, device_ids: list[int]) -> list[DeviceState]:
    """The states, held for this transaction; in one order, so that two never wait for each other."""
    query = (
        sa.select(DeviceState)
        .where(DeviceState.device_id.in_(device_ids))
        .order_by(DeviceState.device_id)
        .options(lazyload(DeviceState.desired_config))
        .with_for_update(of=DeviceState)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def _numbers(session: ScopedSession, states: list[DeviceState]) -> dict[int, int]:
    """By device id, the number that is wanted. Asked after the lock: what it waited for may have brought a new one."""
    ids = [state.desired_config_id for state in states if state.desired_config_id is not None]
    query = sa.select(ConfigVersion.device_id, ConfigVersion.number).where(ConfigVersion.id.in_(ids))
    return {row.device_id: row.number for row in session.execute(query)}


def _expired(state: DeviceState, now: datetime) -> bool:
    return state.desired_expires_at is not None and state.desired_expires_at <= now
