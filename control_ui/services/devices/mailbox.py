"""What a Pi is asked to do at its next check-in: once each, and not after it has expired."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, DeviceAction, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import record
from control_ui.services.devices.records import subject
from control_ui.services.devices.reports import ActionResult
from control_ui.services.errors import ConflictError, InvalidError

KINDS = ("restart_stream", "restart_units", "reboot", "diagnose")
_BY_RUN = {"restart_stream": "restart", "restart_units": "restart", "reboot": "reboot"}
"""Those that change something, and the playbook that does it under a second person's eyes."""
DEFAULT_LIFETIME_SECONDS = 600
SHORTEST_LIFETIME_SECONDS = 60
LONGEST_LIFETIME_SECONDS = 7 * 86400
MOST_OPEN = 20
"""So many a Pi takes from one answer."""
STARTED, EXPIRED = "started", "expired"
FINAL = ("ok", "failed", "refused")


def ask(
    session: ScopedSession,
    actor: Actor,
    device: Device,
    kind: str,
    reason: str,
    lifetime_seconds: int,
    now: datetime,
    *,
    commit: bool = True,
    standing_approval: bool = False,
) -> DeviceAction:
    """Put an action into the device's mailbox. `standing_approval`: a rule that people have written approves it.

    Raises InvalidError for an unknown kind; ConflictError for a device that cannot check in or whose mailbox is full,
    and for what needs an approval: a mailbox has nobody who gives one.
    """
    if kind not in KINDS:
        raise InvalidError(f"a Pi knows no action {kind!r}; it knows {', '.join(KINDS)}")
    if not standing_approval:
        _refuse_unseen(session, device, kind)
    if device.token_sha256 is None:
        raise ConflictError(f"{device.name} has no device token, so it does not check in: let it register first")
    expire(session, now, device)
    if len(waiting(session, device, now)) >= MOST_OPEN:
        raise ConflictError(f"{device.name} has {MOST_OPEN} actions waiting already: let it carry them out first")
    action = DeviceAction(
        id=str(uuid.uuid4()),
        tenant_id=device.tenant_id,
        device_id=device.id,
        kind=kind,
        reason=reason,
        created_by_id=actor.user_id,
        created_at=now,
        expires_at=now + timedelta(seconds=lifetime_seconds),
    )
    session.add(action)
    record(
        session,
        actor,
        "device.ask",
        subject(device),
        tenant_id=device.tenant_id,
        reason=reason,
        after={"action": kind, "id": action.id, "expires_at": action.expires_at.isoformat()},
        at=now,
    )
    if commit:
        session.commit()
    return action


def _refuse_unseen(session: ScopedSession, device: Device, kind: str) -> None:
    """Where the tenant asks for four eyes, the mailbox is no way around them."""
    if kind in _BY_RUN and session.get_one(Tenant, device.tenant_id).requires_approval:
        raise ConflictError(
            f"this tenant asks for a second person's approval, which an action of the Pi's own agent ({kind}) has not:"
            f" start a run of the playbook {_BY_RUN[kind]!r} instead (POST /api/runs), and have it approved"
        )


def waiting(session: ScopedSession, device: Device, now: datetime) -> list[DeviceAction]:
    """What the device has not reported on yet and may still do, oldest first."""
    query = sa.select(DeviceAction).where(
        DeviceAction.device_id == device.id,
        DeviceAction.result.is_(None),
        DeviceAction.finished_at.is_(None),
        DeviceAction.expires_at > now,
    )
    return list(session.scalars(query.order_by(DeviceAction.created_at, DeviceAction.id)))


def offer(session: ScopedSession, actions: Sequence[DeviceAction], now: datetime) -> list[DeviceAction]:
    """Of a device's open actions those that go into this answer; when each was first offered is noted."""
    offered = [action for action in actions if action.result is None and action.expires_at > now][:MOST_OPEN]
    if first := [action.id for action in offered if action.offered_at is None]:
        session.execute(
            sa.update(DeviceAction).where(DeviceAction.id.in_(first)).values(offered_at=now),
            execution_options={"synchronize_session": False},
        )
    return offered


def close(session: ScopedSession, device: Device, results: Sequence[ActionResult], now: datetime) -> set[str]:
    """Note what the device has done; gives the ids it will not be offered again. An answer that comes late still
    counts; one to somebody else's action does not."""
    answered: set[str] = set()
    for answer in results:
        if answer.result not in (STARTED, *FINAL):
            continue
        values: dict[str, Any] = {"result": answer.result}
        if answer.result in FINAL:
            values |= {"finished_at": now, "detail": (answer.detail or {}).get("detail")}
        open_still = sa.or_(DeviceAction.result.is_(None), DeviceAction.result.in_([STARTED, EXPIRED]))
        session.execute(
            sa.update(DeviceAction)
            .where(DeviceAction.id == answer.action_id, DeviceAction.device_id == device.id, open_still)
            .values(values),
            execution_options={"synchronize_session": False},
        )
        answered.add(answer.action_id)
    return answered


def expire(session: ScopedSession, now: datetime, device: Device | None = None) -> int:
    """Mark what can be carried out no more, for one device or all; gives how many. Does not commit.

    What was started stays so: of a reboot no more may ever be heard.
    """
    overdue = sa.update(DeviceAction).where(DeviceAction.finished_at.is_(None), DeviceAction.expires_at <= now)
    if device is not None:
        overdue = overdue.where(DeviceAction.device_id == device.id)
    marked = overdue.values(finished_at=now, result=sa.case((DeviceAction.result == STARTED, STARTED), else_=EXPIRED))
    result = session.execute(marked, execution_options={"synchronize_session": False})
    return int(getattr(result, "rowcount", 0))
