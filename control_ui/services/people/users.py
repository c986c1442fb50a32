"""The people of a tenant, and the platform's administrators.

- Nobody gives a role that may do more than they may themselves, and nobody changes or disables their own account.
- A tenant keeps at least one administrator who is not disabled, and so does the platform.
- Who makes an account or resets a password never chooses the password: a one-time one is made, which its owner has to
  replace at the first sign-in, within three days.
- Only the fields that are given change, so that two people who change different ones do not undo each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from control_ui.models import User
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import Fault, ForbiddenError, InvalidError
from control_ui.services.pages import Page, paginate
from control_ui.services.people import administrators, api_tokens, fields, passwords, sign_ins
from control_ui.services.people.in_person import require_in_person
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.services.permissions import PERMISSIONS

ONE_TIME_PASSWORD_LIFE = timedelta(days=3)


@dataclass(frozen=True)
class NewUser:
    email: str
    """In lower case."""
    name: str
    role: Role
    timezone: str = "UTC"


@dataclass(frozen=True)
class Changes:
    """None leaves it as it is."""

    name: str | None = None
    role: Role | None = None
    timezone: str | None = None
    disabled: bool | None = None


def create(
    session: ScopedSession, actor: Actor, new: NewUser, *, reason: str, now: datetime, password: str | None = None
) -> tuple[User, str | None]:
    """A new account in the session's tenant, or of the platform, and its one-time password (None where one was given
    that will do). Raises InvalidError, ForbiddenError, ConflictError (the address has an account)."""
    _check_may_give(actor, new.role)
    fields.check(email=new.email, name=new.name, timezone=new.timezone)
    tenant_id = _tenant_id(session, new.role)
    session.commit()  # nothing is held while the password is hashed
    one_time = passwords.one_time() if password is None else None
    stored = passwords.hashed(password or one_time or "")
    user = User(
        tenant_id=tenant_id,
        email=new.email,
        name=new.name,
        role=new.role,
        timezone=new.timezone,
        password_hash=stored,
        password_expires_at=now + ONE_TIME_PASSWORD_LIFE if one_time else None,
        created_at=now,
    )
    session.add(user)
    rows.flush_unless_taken(session, f"{new.email} cannot get an account: there is one with this address")
    _record(session, actor, "user.create", user, reason=reason, after=_described(user), now=now)
    session.commit()
    return user, one_time


def listed(
    session: ScopedSession, *, search: str, role: Role | None, disabled: bool | None, limit: int, cursor: str | None
) -> Page[User]:
    """The people of this scope whose e-mail address or name contains `search`."""
    query = sa.select(User).options(joinedload(User.tenant))
    if search:
        found = sa.or_(User.email.icontains(search, autoescape=True), User.name.icontains(search, autoescape=True))
        query = query.where(found)
    if role is not None:
        query = query.where(User.role == role)
    if disabled is not None:
        query = query.where(User.disabled_at.is_not(None) if disabled else User.disabled_at.is_(None))
    return paginate(session, query, by=[User.id], limit=limit, cursor=cursor)


def change(session: ScopedSession, actor: Actor, user_id: int, changes: Changes, *, reason: str, now: datetime) -> User:
    """Change an account. Raises NotFoundError, InvalidError, ForbiddenError, ConflictError."""
    user = rows.fetch(session, User, user_id, "user")
    others = administrators.lock_others(session, user)
    user = rows.fetch_locked(session, User, user_id, "user")
    before = _described(user)
    if changes.role is not None and changes.role != user.role:
        _change_role(actor, user, changes.role)
    if changes.disabled is not None and changes.disabled != (user.disabled_at is not None):
        _disable(session, actor, user, now) if changes.disabled else _enable(actor, user)
    administrators.check_one_is_left(before["role"], user, others)
    user.name = user.name if changes.name is None else changes.name
    user.timezone = user.timezone if changes.timezone is None else changes.timezone
    after = _described(user)
    if after != before:
        _record(session, actor, "user.update", user, reason=reason, before=before, after=after, now=now)
    session.commit()
    return user


def reset_password(
    session: ScopedSession, limits: SignInLimits, actor: Actor, user_id: int, *, reason: str, now: datetime
) -> str:
    """Give somebody a one-time password, end their sessions, and unlock their account. Raises NotFoundError,
    ForbiddenError, UnavailableError (Redis is away: the lock is there)."""
    require_in_person(actor)
    user = rows.fetch(session, User, user_id, "user")
    session.commit()  # nothing is held while the password is hashed
    _check_not_own(actor, user, "your own password: change it, with the old one")
    _check_may_give(actor, user.role)
    one_time = passwords.one_time()
    stored = passwords.hashed(one_time)
    limits.clear(user.email)
    user = rows.fetch_locked(session, User, user_id, "user")
    user.password_hash, user.password_expires_at = stored, now + ONE_TIME_PASSWORD_LIFE
    sign_ins.close_all(session, user, now)
    _record(session, actor, "user.reset_password", user, reason=reason, now=now)
    session.commit()
    return one_time


def end_sessions(session: ScopedSession, actor: Actor, user_id: int, *, reason: str, now: datetime) -> None:
    """End every session and access token of a person. Their API tokens are ended one by one, or by disabling them.
    Raises NotFoundError."""
    user = rows.fetch_locked(session, User, user_id, "user")
    sign_ins.close_all(session, user, now)
    _record(session, actor, "user.end_sessions", user, reason=reason, now=now)
    session.commit()


def _tenant_id(session: ScopedSession, role: Role) -> int | None:
    if role != Role.PLATFORM_ADMIN:
        return rows.current_tenant(session).id
    if session.scope.tenant_id is not None:
        raise InvalidError("platform administrators belong to no tenant: leave out the header X-Tenant")
    return None


def _change_role(actor: Actor, user: User, role: Role) -> None:
    _check_not_own(actor, user, "your own role")
    _check_may_give(actor, role)
    _check_may_give(actor, user.role)
    if Role.PLATFORM_ADMIN in (role, user.role):
        raise InvalidError(
            "an account stays in its tenant, or with the platform: make another one",
            [Fault("$.role", "cannot be changed to or from platform_admin")],
        )
    user.role = role


def _disable(session: ScopedSession, actor: Actor, user: User, now: datetime) -> None:
    _check_not_own(actor, user, "your own account")
    _check_may_give(actor, user.role)
    user.disabled_at = now
    sign_ins.close_all(session, user, now)
    api_tokens.revoke_all(session, user, now)


def _enable(actor: Actor, user: User) -> None:
    _check_may_give(actor, user.role)
    user.disabled_at = None


def _check_not_own(actor: Actor, user: User, what: str) -> None:
    if actor.user_id == user.id:
        raise ForbiddenError(f"another administrator has to change this for you: {what}")


def _check_may_give(actor: Actor, role: Role) -> None:
    """Also for taking away: what is stronger than oneself is not touched."""
    excess = sorted(PERMISSIONS[role] - actor.permissions)
    if excess:
        raise ForbiddenError(f"the role {role} may do what {actor.name} may not do here: {', '.join(excess)}")


def _described(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "name": user.name,
        "role": str(user.role),
        "timezone": user.timezone,
        "disabled": user.disabled_at is not None,
    }


def _record(
    session: ScopedSession,
    actor: Actor,
    action: str,
    user: User,
    *,
    reason: str,
    now: datetime,
    before: Any = None,
    after: Any = None,
) -> None:
    subject = Subject("user", user.id, user.email)
    record(session, actor, action, subject, tenant_id=user.tenant_id, reason=reason, before=before, after=after, at=now)
