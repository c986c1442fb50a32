"""Signing in with a password.

Whatever is wrong, the answer is one and the same sentence after the same time: nobody learns who has an account, or
that a right password belongs to a disabled one. The audit trail knows: an address nobody has stands in the platform's
chain, all else in the chain of the person's tenant. Tries that are not admitted (see sign_in_limits.py) are not
audited one by one, for they may be endless; the lock-out is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import sqlalchemy as sa

from control_ui.models import SignIn, User
from control_ui.models.people import SignInKind
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import REFUSED, Subject, record
from control_ui.services.errors import TooManyRequestsError, UnauthenticatedError
from control_ui.services.people import passwords, refresh_tokens, sign_ins
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.services.permissions import permissions_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Credentials:
    email: str
    """In lower case."""
    password: str


@dataclass(frozen=True)
class SignedIn:
    user: User
    sign_in: SignIn
    refresh_token: str
    """Empty for the pages."""


def login(
    session: ScopedSession,
    limits: SignInLimits,
    actor: Actor,
    given: Credentials,
    *,
    kind: SignInKind,
    user_agent: str,
    now: datetime,
) -> SignedIn:
    """Begin a sign-in. `actor` is the anonymous one at the door. Raises UnauthenticatedError, TooManyRequestsError,
    UnavailableError (Redis is away)."""
    try:
        limits.admit(actor.remote_address, given.email, now)
    except TooManyRequestsError as error:
        log.warning("a sign-in from %s was not admitted: %s", actor.remote_address, error.detail)
        raise
    user = session.scalars(sa.select(User).where(User.email == given.email)).one_or_none()
    session.commit()  # nothing is held while the password is hashed
    right = passwords.matches(user.password_hash if user else None, given.password)
    if user is None or not right:
        _refuse(session, limits, actor, given.email, user, "wrong password" if user else "unknown address", now)
    renewed = passwords.hashed(given.password) if passwords.is_outdated(user.password_hash) else user.password_hash
    checked, user = user.password_hash, rows.fetch_locked(session, User, user.id, "user")
    why_not = _why_not(user, checked, now)
    if why_not:
        session.commit()
        _refuse(session, limits, actor, given.email, user, why_not, now)
    limits.clear(given.email)
    user.password_hash, user.last_login_at = renewed, now
    return _begin(session, actor, user, kind, user_agent, now)


def _why_not(user: User, checked_hash: str, now: datetime) -> str:
    """Why the right password does not let this person in; empty where it does."""
    if user.disabled_at is not None:
        return "disabled"
    if user.password_hash != checked_hash:
        return "the password was changed at this moment"
    if user.password_expires_at is not None and user.password_expires_at <= now:
        return "the one-time password has expired"
    return ""


def _begin(
    session: ScopedSession, actor: Actor, user: User, kind: SignInKind, user_agent: str, now: datetime
) -> SignedIn:
    sign_in = sign_ins.begin(session, user, kind, remote_address=actor.remote_address, user_agent=user_agent, now=now)
    refresh_token = refresh_tokens.issue(session, sign_in, now) if kind == SignInKind.API else ""
    person = Actor(
        "user", user.id, user.email, user.tenant_id, permissions_of(user.role), actor.remote_address, actor.request_id
    )
    about = {"sign_in": sign_in.id, "kind": kind, "user_agent": sign_in.user_agent}
    subject = Subject("user", user.id, user.email)
    record(session, person, "session.sign_in", subject, tenant_id=user.tenant_id, after=about, at=now)
    session.commit()
    return SignedIn(user, sign_in, refresh_token)


def _refuse(
    session: ScopedSession, limits: SignInLimits, actor: Actor, email: str, user: User | None, why: str, now: datetime
) -> NoReturn:
    """Leave the trace of a failed try, and of the lock-out where it was one too many. Raises UnauthenticatedError."""
    subject = Subject("user", "" if user is None else user.id, email)
    tenant_id = None if user is None else user.tenant_id
    record(session, actor, "session.sign_in", subject, tenant_id=tenant_id, reason=why, outcome=REFUSED, at=now)
    session.commit()
    locked_for = limits.failed(email, now)
    if locked_for is not None:
        words = f"too many failed tries: locked for {int(locked_for.total_seconds() // 60)} min"
        record(session, actor, "session.lock_out", subject, tenant_id=tenant_id, reason=words, outcome=REFUSED, at=now)
        session.commit()
    raise UnauthenticatedError("the e-mail address or the password is not right")
