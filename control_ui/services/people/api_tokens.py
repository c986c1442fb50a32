"""Personal API tokens for programs: shown once, kept as a hash, good for what both their scopes and their owner's role
allow at the moment, until they expire."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from control_ui.models import ApiToken, User
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import (
    ConflictError,
    Fault,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from control_ui.services.pages import Page, paginate
from control_ui.services.people.in_person import require_in_person
from control_ui.services.permissions import Permission

PREFIX = "cw_pat_"
LONGEST_LIFE = timedelta(days=366)
MOST_PER_PERSON = 50
MOST_SHOWN = 200
USED_EVERY = timedelta(minutes=1)


def create(
    session: ScopedSession,
    actor: Actor,
    *,
    name: str,
    scopes: Iterable[Permission],
    expires_at: datetime,
    reason: str,
    now: datetime,
) -> tuple[ApiToken, str]:
    """A new token of the actor's own, and what it is: nobody can find that out later. Raises ForbiddenError,
    InvalidError, ConflictError."""
    require_in_person(actor)
    wanted = frozenset(scopes)
    _check_scopes(actor, wanted)
    if not now < expires_at <= now + LONGEST_LIFE:
        raise InvalidError(
            "the token's end is not possible", [Fault("$.expires_at", "must lie ahead, by a year at most")]
        )
    owner = rows.fetch_locked(session, User, actor.id or 0, "user")
    if _count_valid(session, owner, now) >= MOST_PER_PERSON:
        raise ConflictError(f"you have {MOST_PER_PERSON} tokens, which is the most: revoke one first")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        tenant_id=owner.tenant_id,
        user_id=owner.id,
        name=name,
        token_sha256=_digest(secret),
        scopes=sorted(wanted),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    _record(session, actor, "token.create", token, reason=reason, now=now)
    session.commit()
    return token, secret


def listed(
    session: ScopedSession, actor: Actor, *, user_id: int | None, limit: int, cursor: str | None
) -> Page[ApiToken]:
    """The tokens of one person, revoked and expired ones included: the actor's own, or another's for who manages
    people. Raises ForbiddenError, NotFoundError."""
    wanted = user_id if user_id is not None else actor.user_id
    if wanted != actor.user_id:
        actor.require(Permission.USERS_MANAGE)
        rows.fetch(session, User, wanted or 0, "user")
    query = sa.select(ApiToken).where(ApiToken.user_id == wanted)
    return paginate(session, query, by=[ApiToken.id], limit=limit, cursor=cursor)


def usable_of_others(session: ScopedSession, actor: Actor, now: datetime) -> list[ApiToken]:
    """What others of this scope could still use, those that expire first before the others. Raises ForbiddenError."""
    actor.require(Permission.USERS_MANAGE)
    query = sa.select(ApiToken).join(ApiToken.user).options(contains_eager(ApiToken.user))
    query = query.where(
        ApiToken.user_id != actor.user_id,
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > now,
        User.disabled_at.is_(None),
    )
    return list(session.scalars(query.order_by(ApiToken.expires_at, ApiToken.id).limit(MOST_SHOWN)))


def of_own_or_managed(session: ScopedSession, actor: Actor, token_id: int) -> ApiToken:
    """One's own, or another's for who manages people. Raises NotFoundError."""
    token = session.scalars(
        sa.select(ApiToken).options(joinedload(ApiToken.user)).where(ApiToken.id == token_id)
    ).one_or_none()
    if token is None or (token.user_id != actor.user_id and Permission.USERS_MANAGE not in actor.permissions):
        raise NotFoundError(f"there is no API token {token_id}")
    return token


def revoke(session: ScopedSession, actor: Actor, token_id: int, *, reason: str, now: datetime) -> None:
    """End a token: one's own, or another's for who manages people. Doing it twice is like doing it once. Raises
    ForbiddenError, NotFoundError."""
    require_in_person(actor)
    token = of_own_or_managed(session, actor, token_id)
    if rows.swap(session, ApiToken, token.id, ApiToken.revoked_at, None, {"revoked_at": now}):
        _record(session, actor, "token.revoke", token, reason=reason, now=now)
        session.commit()


def revoke_all(session: ScopedSession, user: User, now: datetime) -> None:
    """End every token of a person; the caller says so in the trail and commits."""
    valid = sa.update(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    session.execute(valid.values(revoked_at=now))


def read(session: ScopedSession, secret: str, now: datetime) -> ApiToken:
    """The token that was shown, its owner loaded. Raises UnauthenticatedError."""
    query = sa.select(ApiToken).options(joinedload(ApiToken.user)).where(ApiToken.token_sha256 == _digest(secret))
    token = session.scalars(query).one_or_none()
    if token is None or token.revoked_at is not None or token.user.disabled_at is not None:
        raise UnauthenticatedError("the API token is not valid: it was revoked, or is none of ours")
    if token.expires_at <= now:
        raise UnauthenticatedError("the API token has expired: make a new one")
    if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
        rows.swap(session, ApiToken, token.id, ApiToken.last_used_at, token.last_used_at, {"last_used_at": now})
        session.commit()
    return token


def _check_scopes(actor: Actor, wanted: frozenset[Permission]) -> None:
    excess = sorted(wanted - actor.permissions)
    if excess:
        raise ForbiddenError(f"a token cannot do what you may not do yourself: {', '.join(excess)}")


def _count_valid(session: ScopedSession, owner: User, now: datetime) -> int:
    valid = (ApiToken.user_id == owner.id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    return session.scalars(sa.select(sa.func.count(ApiToken.id)).where(*valid)).one()


def _record(session: ScopedSession, actor: Actor, action: str, token: ApiToken, *, reason: str, now: datetime) -> None:
    about = {"user_id": token.user_id, "scopes": token.scopes, "expires_at": token.expires_at.isoformat()}
    subject = Subject("api_token", token.id, token.name)
    before, after = (about, None) if action == "token.revoke" else (None, about)
    record(
        session, actor, action, subject, tenant_id=token.tenant_id, reason=reason, before=before, after=after, at=now
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
