"""Refresh tokens: each is good once, and gives the next. They last as long as their sign-in, 14 days, however often
they are refreshed.

One that comes back after its use means that two parties hold the same chain, and one of them has stolen it. Nobody can
tell which, so the sign-in ends for both, its access tokens included, and the trail says so. That is strict: a client
that sends the very same refresh token twice, even within a second, because an answer got lost or two of its threads
raced, has to sign in again. A grace period would be just as long for a thief.

Refreshing leaves no trace in the audit trail: it lets nobody in who was not in already.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from control_ui.models import RefreshToken, SignIn, User
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import REFUSED
from control_ui.services.errors import UnauthenticatedError
from control_ui.services.people import sign_ins

PREFIX = "cw_rt_"


@dataclass(frozen=True)
class Refreshed:
    sign_in: SignIn
    token: str
    """The next refresh token."""


def issue(session: ScopedSession, sign_in: SignIn, now: datetime) -> str:
    """A new refresh token of this sign-in, flushed; the caller commits."""
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(RefreshToken(tenant_id=sign_in.tenant_id, sign_in=sign_in, token_sha256=_digest(token), issued_at=now))
    session.flush()
    return token


def rotate(session: ScopedSession, actor: Actor, token: str, now: datetime) -> Refreshed:
    """Take a refresh token, give the next. Raises UnauthenticatedError; for one that was used before the sign-in has
    ended then."""
    row = _locked(session, token)
    if row is None or not sign_ins.is_open(row.sign_in, now):
        raise UnauthenticatedError("the refresh token is not valid, or has expired: sign in again")
    if row.used_at is not None:
        reason = "a refresh token came back after its use: it may have been stolen"
        sign_ins.close(session, actor, row.sign_in, "session.reuse", reason=reason, now=now, outcome=REFUSED)
        session.commit()
        raise UnauthenticatedError(
            "this refresh token was used before, by you or by a thief: its sign-in has been ended. Sign in again"
        )
    row.used_at = row.sign_in.seen_at = now
    following = issue(session, row.sign_in, now)
    session.commit()
    return Refreshed(row.sign_in, following)


def sign_out(session: ScopedSession, actor: Actor, token: str, now: datetime) -> None:
    """End the sign-in of a refresh token, new or used. One that is not known has nothing to end (as in RFC 7009)."""
    row = _locked(session, token)
    if row is not None:
        user = row.sign_in.user
        person = Actor("user", user.id, user.email, user.tenant_id, frozenset(), actor.remote_address, actor.request_id)
        sign_ins.close(session, person, row.sign_in, "session.sign_out", reason="", now=now)
        session.commit()


def _locked(session: ScopedSession, token: str) -> RefreshToken | None:
    """The token's row as it is once nobody else is refreshing, signing out or ending the sessions of this person."""
    this = RefreshToken.token_sha256 == _digest(token)
    owner = session.scalars(sa.select(SignIn.user_id).join(RefreshToken).where(this)).one_or_none()
    if owner is None:
        return None
    rows.fetch_locked(session, User, owner, "user")
    query = sa.select(RefreshToken).options(
        joinedload(RefreshToken.sign_in).joinedload(SignIn.user).joinedload(User.tenant)
    )
    return session.scalars(query.where(this).execution_options(populate_existing=True)).unique().one_or_none()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
