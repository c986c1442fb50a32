"""The switch: people stop self-healing, and let it go on; for the platform, or for one tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import HealingPause, HealingSwitch
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import ConflictError, Fault, InvalidError
from control_ui.services.permissions import Permission
from control_ui.services.rows import swap

ONE = 1


@dataclass(frozen=True)
class Paused:
    """Who stopped it, and why. `platform`: for everybody."""

    at: datetime
    by: str
    reason: str
    platform: bool


def locked(session: ScopedSession) -> HealingSwitch:
    """The switch, held until the transaction ends."""
    query = sa.select(HealingSwitch).where(HealingSwitch.id == ONE).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def read(session: ScopedSession) -> HealingSwitch:
    return session.get_one(HealingSwitch, ONE, populate_existing=True)


def paused(session: ScopedSession) -> Paused | None:
    """Whether it is stopped for this scope."""
    switch = read(session)
    if switch.paused_at is not None:
        return Paused(switch.paused_at, switch.paused_by, switch.pause_reason, platform=True)
    if session.scope.tenant_id is None:
        return None
    own = session.scalars(sa.select(HealingPause)).one_or_none()
    return None if own is None else Paused(own.paused_at, own.paused_by, own.reason, platform=False)


def paused_tenants(session: ScopedSession) -> dict[int, str]:
    """By tenant, why nothing is done there."""
    rows = session.scalars(sa.select(HealingPause))
    return {row.tenant_id: f"paused by {row.paused_by}: {row.reason}".removesuffix(": ") for row in rows}


def pause(session: ScopedSession, actor: Actor, reason: str, now: datetime) -> None:
    """No further attempt begins; what is under way ends. Raises ForbiddenError, InvalidError without a reason,
    ConflictError where it is stopped already. Commits."""
    actor.require(Permission.FLEET_OPERATE)
    if not reason.strip():
        raise InvalidError("self-healing cannot be paused like this", [Fault("$.reason", "must say why")])
    tenant_id = session.scope.tenant_id
    if tenant_id is None:
        actor.require(Permission.PLATFORM_MANAGE)
        values = {"paused_at": now, "paused_by": actor.name, "pause_reason": reason.strip()}
        changed = swap(session, HealingSwitch, ONE, HealingSwitch.paused_at, None, values)
    else:
        changed = session.scalars(sa.select(HealingPause.id).with_for_update()).first() is None
        if changed:
            session.add(HealingPause(tenant_id=tenant_id, paused_at=now, paused_by=actor.name, reason=reason.strip()))
            session.flush()
    _end(session, actor, "healing.pause", reason, now, changed=changed, refusal="self-healing is paused already")


def resume(session: ScopedSession, actor: Actor, reason: str, now: datetime) -> None:
    """It goes on. Raises ForbiddenError, ConflictError where it is not stopped (for a tenant: by itself). Commits."""
    actor.require(Permission.FLEET_OPERATE)
    if session.scope.tenant_id is None:
        actor.require(Permission.PLATFORM_MANAGE)
        gone = sa.update(HealingSwitch).where(HealingSwitch.id == ONE, HealingSwitch.paused_at.is_not(None))
        result = session.execute(gone.values(paused_at=None, paused_by="", pause_reason=""))
    else:
        result = session.execute(sa.delete(HealingPause).where(HealingPause.tenant_id == session.scope.tenant_id))
    changed = bool(getattr(result, "rowcount", 0))
    _end(session, actor, "healing.resume", reason, now, changed=changed, refusal="self-healing is not paused here")


def _end(
    session: ScopedSession, actor: Actor, action: str, reason: str, now: datetime, *, changed: bool, refusal: str
) -> None:
    if not changed:
        session.rollback()
        raise ConflictError(refusal)
    tenant_id = session.scope.tenant_id
    subject = Subject("self-healing", tenant_id or "platform", "self-healing")
    record(session, actor, action, subject, tenant_id=tenant_id, reason=reason, at=now)
    session.commit()
