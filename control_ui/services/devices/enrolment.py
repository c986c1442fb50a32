"""Enrolment tokens: each lets one Pi register, once, for a while. Only its SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import Device, EnrolmentToken
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import record
from control_ui.services.devices.records import subject

DEFAULT_LIFETIME = timedelta(days=1)
LONGEST_LIFETIME = timedelta(days=30)
_BYTES = 32


def sha256(token: str) -> str:
    """How tokens are kept and looked up: whoever reads the database cannot show them."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """256 random bits, printable."""
    return secrets.token_urlsafe(_BYTES)


def issue(
    session: ScopedSession, actor: Actor, device: Device, *, lifetime: timedelta, reason: str, now: datetime
) -> tuple[EnrolmentToken, str]:
    """A new enrolment token, in clear this once. Earlier ones of the device that were not used are revoked."""
    row, token = add(session, actor, device, lifetime=lifetime, now=now)
    record(
        session,
        actor,
        "device.issue_enrolment_token",
        subject(device),
        tenant_id=device.tenant_id,
        reason=reason,
        after={"expires_at": row.expires_at.isoformat()},
        at=now,
    )
    session.commit()
    return row, token


def add(
    session: ScopedSession, actor: Actor, device: Device, *, lifetime: timedelta, now: datetime
) -> tuple[EnrolmentToken, str]:
    """As `issue`, but neither recorded nor committed: part of something larger."""
    revoke_unused(session, [device.id], now)
    token = new_token()
    row = EnrolmentToken(
        tenant_id=device.tenant_id,
        device_id=device.id,
        token_sha256=sha256(token),
        created_by_id=actor.user_id,
        created_at=now,
        expires_at=now + lifetime,
    )
    session.add(row)
    return row, token


def usable(session: ScopedSession, device: Device, now: datetime) -> EnrolmentToken | None:
    """The one with which this device could still register."""
    query = sa.select(EnrolmentToken).where(
        EnrolmentToken.device_id == device.id,
        EnrolmentToken.used_at.is_(None),
        EnrolmentToken.revoked_at.is_(None),
        EnrolmentToken.expires_at > now,
    )
    return session.scalars(query.order_by(EnrolmentToken.id.desc()).limit(1)).one_or_none()


def revoke_unused(session: ScopedSession, device_ids: list[int], now: datetime) -> int:
    """Take back what could still be used; gives how many there were."""
    unused = sa.update(EnrolmentToken).where(
        EnrolmentToken.device_id.in_(device_ids),
        EnrolmentToken.used_at.is_(None),
        EnrolmentToken.revoked_at.is_(None),
    )
    return int(getattr(session.execute(unused.values(revoked_at=now)), "rowcount", 0))
