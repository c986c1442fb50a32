"""How a site is at this moment, why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Alert, ConfigVersion, Device, DeviceAction, RollbackPoint, Run, Tenant
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import wanted
from control_ui.services.devices import mailbox, status
from control_ui.services.devices.status import Standing
from control_ui.services.pictures.keys import knows_us
from control_ui.services.rows import fetch

MOST_POINTS = 5
MOST_ALERTS = 20
NOT_FROM_HERE = (
    "The configuration that its Pi runs was not made here, so the Pi does not know the control plane's key, and refuses"
    " to show us a picture. Give it a template, and deploy that."
)
MADE_EARLIER = (
    "The configuration that its Pi runs does not have the control plane's key of today, so the Pi refuses to show us a"
    " picture. Deploy its template once more."
)
ON_ITS_WAY = "The configuration that is wanted has the control plane's key; pictures come once its Pi runs that."


@dataclass(frozen=True)
class State:
    """What changes by itself. `reasons` are sentences without a full stop, with durations as of now."""

    device: Device
    reasons: list[str]
    wanted: ConfigVersion | None
    expired: ConfigVersion | None
    """Was wanted, and is no longer offered."""
    in_force: ConfigVersion | None
    """None where what it runs did not come from here."""
    actions: list[DeviceAction]
    """Wait for its next check-in."""
    alerts: Sequence[Alert]
    """That fire now, those that began last first."""


@dataclass(frozen=True)
class Point:
    """What the site ran before a run touched it."""

    rollback_point: RollbackPoint
    run: Run


def state(session: ScopedSession, device_id: int, now: datetime) -> State:
    """Raises NotFoundError."""
    device = fetch(session, Device, device_id, "site")
    told = device.state
    offered = wanted(told, now)
    standing = Standing.of(told, offered)
    firing = sa.select(Alert).where(Alert.device_id == device.id, Alert.state == AlertState.FIRING)
    return State(
        device,
        status.tell(device, standing, now),
        offered,
        told.desired_config if offered is None else None,
        told.config_in_force,
        mailbox.waiting(session, device, now),
        session.scalars(firing.order_by(Alert.starts_at.desc(), Alert.id.desc()).limit(MOST_ALERTS)).all(),
    )


def key_trouble(found: State) -> str:
    """Why the Pi does not accept the control plane's key, as far as is known here; empty where it should."""
    if found.in_force is not None and knows_us(found.in_force.shown, found.device.id):
        return ""
    if found.wanted is not None and knows_us(found.wanted.shown, found.device.id):
        return ON_ITS_WAY
    return NOT_FROM_HERE if found.in_force is None else MADE_EARLIER


def points(session: ScopedSession, device: Device) -> list[Point]:
    """Where it can be taken back to, the newest first."""
    query = (
        sa.select(RollbackPoint, Run)
        .join(Run, Run.id == RollbackPoint.run_id)
        .where(RollbackPoint.device_id == device.id)
        .order_by(RollbackPoint.id.desc())
        .limit(MOST_POINTS)
    )
    return [Point(point, run) for point, run in session.execute(query)]


def tenant_of(session: ScopedSession, device: Device) -> Tenant:
    return session.get_one(Tenant, device.tenant_id)
