"""Device tokens: what a Pi shows at every check-in. Only the SHA-256 is kept.

Rotating leaves the old token valid until the new one is first shown, so that no Pi is ever locked out by a delivery
that went wrong. The new one is given out once, and Ansible brings it to the Pi:
`ansible-playbook playbooks/pi.yml --limit NAME -e @FILE`, with `pi_service_device_token` in a file that only its owner
may read. A Pi that was installed anew registers anew instead, with an enrolment token.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from control_ui.models import ConfigVersion, Device, DeviceState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import record
from control_ui.services.devices.enrolment import new_token, revoke_unused, sha256
from control_ui.services.devices.records import subject
from control_ui.services.errors import ConflictError, UnauthenticatedError

LONGEST = 200
_DIGEST: sa.BindParameter[str] = sa.bindparam("digest")
_SHOWN = (ConfigVersion.number, ConfigVersion.shown, ConfigVersion.created_at)
_OWNER = (
    sa.select(Device)
    .where(sa.or_(Device.token_sha256 == _DIGEST, Device.previous_token_sha256 == _DIGEST))
    .options(
        joinedload(Device.state).joinedload(DeviceState.desired_config).load_only(*_SHOWN),
        joinedload(Device.state).joinedload(DeviceState.config_in_force).load_only(*_SHOWN),
        joinedload(Device.state).joinedload(DeviceState.open_actions),
    )
)
"""Made once: it is asked at every request of every Pi."""


def owner(session: ScopedSession, token: str) -> Device:
    """The device that shows this token, with all that a check-in needs, by one statement.

    Raises UnauthenticatedError.
    """
    if not token or len(token) > LONGEST:
        raise UnauthenticatedError("a device token is needed: register first (POST /api/devices/register)")
    device = session.scalars(_OWNER, {"digest": sha256(token)}).unique().one_or_none()
    if device is None:
        raise UnauthenticatedError(
            "nobody knows this device token: it was revoked or replaced. Register the Pi anew: make an enrolment token"
            " for it, and remove its device token"
        )
    return device


def retire_previous(session: ScopedSession, actor: Actor, device: Device, token: str, now: datetime) -> None:
    """The new token has arrived, for it was shown: the one before is not taken any more."""
    if device.previous_token_sha256 is None or device.token_sha256 != sha256(token):
        return
    _set(session, device, previous_token_sha256=None)
    record(session, actor, "device.retire_token", subject(device), tenant_id=device.tenant_id, at=now)
    session.commit()


def rotate(session: ScopedSession, actor: Actor, device: Device, *, reason: str, now: datetime) -> str:
    """A new device token, in clear this once. The one in use is taken until the new one is shown.

    Raises ConflictError for a device without a token.
    """
    if device.token_sha256 is None:
        raise ConflictError(
            f"{device.name} has no device token that could be rotated: make an enrolment token and let it register"
        )
    token = new_token()
    # Rotated again before the first one was ever shown: it is the one before both that is in use.
    in_use = device.previous_token_sha256 or device.token_sha256
    _set(session, device, token_sha256=sha256(token), previous_token_sha256=in_use)
    record(session, actor, "device.rotate_token", subject(device), tenant_id=device.tenant_id, reason=reason, at=now)
    session.commit()
    return token


def revoke(session: ScopedSession, actor: Actor, device: Device, *, reason: str, now: datetime) -> None:
    """Shut the device out, whatever token it shows, enrolment tokens included. Doing it twice is like doing it once."""
    had = device.token_sha256 is not None
    _set(session, device, token_sha256=None, previous_token_sha256=None)
    taken_back = revoke_unused(session, [device.id], now)
    if had or taken_back:
        after = {"device_token_revoked": had, "enrolment_tokens_revoked": taken_back}
        record(
            session,
            actor,
            "device.revoke_token",
            subject(device),
            tenant_id=device.tenant_id,
            reason=reason,
            after=after,
            at=now,
        )
    session.commit()


def _set(session: ScopedSession, device: Device, **values: str | None) -> None:
    """Not by way of the row version: whoever edits the device's facts meanwhile has no quarrel with it."""
    change = sa.update(Device).where(Device.id == device.id).values(values)
    session.execute(change, execution_options={"synchronize_session": "evaluate"})
