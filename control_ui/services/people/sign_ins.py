"""Sign-ins: begun with a password, used for a while, ended by signing out, by time, or by somebody who ends them
all."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from control_ui.models import AuditEntry, RefreshToken, SignIn, User
from control_ui.models.people import SignInKind
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import NotFoundError

LIFETIME = {SignInKind.PAGES: timedelta(hours=12), SignInKind.API: timedelta(days=14)}
IDLE = timedelta(hours=2)
"""Pages that nobody looked at for so long ask for the password again. Tokens have their own, shorter, time."""
SEEN_EVERY = timedelta(minutes=1)
KEEP = timedelta(days=90)
LONGEST_USER_AGENT = 300
MOST_HISTORY = 50


def begin(
    session: ScopedSession, user: User, kind: SignInKind, *, remote_address: str, user_agent: str, now: datetime
) -> SignIn:
    """A new sign-in, flushed; the caller commits."""
    sign_in = SignIn(
        tenant_id=user.tenant_id,
        user=user,
        kind=kind,
        remote_address=remote_address,
        user_agent=user_agent[:LONGEST_USER_AGENT],
        started_at=now,
        seen_at=now,
        expires_at=now + LIFETIME[kind],
    )
    session.add(sign_in)
    session.flush()
    return sign_in


def resume(session: ScopedSession, sign_in_id: int, epoch: int, now: datetime) -> SignIn | None:
    """The sign-in of the pages that a cookie stands for, its person and tenant loaded; None where it has ended."""
    query = sa.select(SignIn).where(SignIn.id == sign_in_id, SignIn.kind == SignInKind.PAGES)
    sign_in = session.scalars(query.options(joinedload(SignIn.user).joinedload(User.tenant))).one_or_none()
    if sign_in is None or not is_open(sign_in, now) or sign_in.user.session_epoch != epoch:
        return None
    if now - sign_in.seen_at >= IDLE:
        return None
    if now - sign_in.seen_at >= SEEN_EVERY:
        rows.swap(session, SignIn, sign_in.id, SignIn.seen_at, sign_in.seen_at, {"seen_at": now})
        session.commit()
    return sign_in


def is_open(sign_in: SignIn, now: datetime) -> bool:
    """Whether it has neither ended nor expired, and its person may still come in."""
    return sign_in.ended_at is None and now < sign_in.expires_at and sign_in.user.disabled_at is None


def own(session: ScopedSession, actor: Actor, now: datetime) -> list[SignIn]:
    """The actor's sign-ins that are open, the newest first."""
    query = sa.select(SignIn).where(
        SignIn.user_id == actor.user_id,
        SignIn.ended_at.is_(None),
        SignIn.expires_at > now,
        sa.or_(SignIn.kind != SignInKind.PAGES, SignIn.seen_at > now - IDLE),
    )
    return list(session.scalars(query.order_by(SignIn.id.desc())).unique())


def history(session: ScopedSession, actor: Actor) -> list[AuditEntry]:
    """What the audit trail says last of the actor's comings and goings, and of failed tries, the newest first."""
    query = sa.select(AuditEntry).where(
        AuditEntry.subject_type == "user",
        AuditEntry.subject_id == str(actor.user_id),
        AuditEntry.action.startswith("session."),
    )
    return list(session.scalars(query.order_by(AuditEntry.id.desc()).limit(MOST_HISTORY)))


def one_of_own(session: ScopedSession, actor: Actor, sign_in_id: int) -> SignIn:
    """Raises NotFoundError where it is somebody else's."""
    sign_in = session.get(SignIn, sign_in_id)
    if sign_in is None or sign_in.user_id != actor.user_id:
        raise NotFoundError(f"there is no sign-in {sign_in_id} of yours")
    return sign_in


def end(session: ScopedSession, actor: Actor, sign_in_id: int, *, reason: str, now: datetime) -> None:
    """End one of the actor's own. Ending it twice is like ending it once. Raises NotFoundError."""
    sign_in = one_of_own(session, actor, sign_in_id)
    close(session, actor, sign_in, "session.sign_out", reason=reason, now=now)
    session.commit()


def close(
    session: ScopedSession,
    actor: Actor,
    sign_in: SignIn,
    action: str,
    *,
    reason: str,
    now: datetime,
    outcome: str = "ok",
) -> None:
    """End a sign-in and say so in the trail, if it has not ended yet; the caller commits."""
    if not rows.swap(session, SignIn, sign_in.id, SignIn.ended_at, None, {"ended_at": now}):
        return
    about = {"sign_in": sign_in.id, "kind": sign_in.kind, "from": sign_in.remote_address}
    record(
        session,
        actor,
        action,
        Subject("user", sign_in.user_id, sign_in.user.email),
        tenant_id=sign_in.tenant_id,
        reason=reason,
        before=about,
        outcome=outcome,
        at=now,
    )


def close_all(session: ScopedSession, user: User, now: datetime) -> None:
    """End every session and access token of a person, who is held locked; the caller says so in the trail and
    commits."""
    user.session_epoch += 1
    still_open = sa.update(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    session.execute(still_open.values(ended_at=now))


def forget(session: ScopedSession, now: datetime) -> int:
    """Delete the refresh tokens of sign-ins that have expired, and these after a while; gives how many sign-ins."""
    expired = sa.select(SignIn.id).where(SignIn.expires_at < now)
    session.execute(
        sa.delete(RefreshToken).where(RefreshToken.sign_in_id.in_(expired)),
        execution_options={"synchronize_session": False},
    )
    old = sa.delete(SignIn).where(SignIn.expires_at < now - KEEP)
    result = session.execute(old, execution_options={"synchronize_session": False})
    session.commit()
    return int(getattr(result, "rowcount", 0))
