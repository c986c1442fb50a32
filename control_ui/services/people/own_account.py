"""What everybody may change of their own account."""

from __future__ import annotations

from datetime import datetime

from control_ui.models import User
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import REFUSED, Subject, record
from control_ui.services.errors import ConflictError, Fault, InvalidError
from control_ui.services.people import password_rules, passwords, sign_ins
from control_ui.services.people.in_person import require_in_person
from control_ui.services.people.sign_in_limits import SignInLimits


def read(session: ScopedSession, actor: Actor) -> User:
    """The actor's account."""
    return rows.fetch(session, User, actor.user_id or 0, "user")


def change_profile(
    session: ScopedSession, actor: Actor, *, name: str | None, timezone: str | None, now: datetime
) -> User:
    """Change name or time zone; None leaves them."""
    user = rows.fetch_locked(session, User, actor.user_id or 0, "user")
    before = {"name": user.name, "timezone": user.timezone}
    user.name = user.name if name is None else name
    user.timezone = user.timezone if timezone is None else timezone
    after = {"name": user.name, "timezone": user.timezone}
    if after != before:
        subject = Subject("user", user.id, user.email)
        record(session, actor, "user.update", subject, tenant_id=user.tenant_id, before=before, after=after, at=now)
    session.commit()
    return user


def change_password(
    session: ScopedSession, limits: SignInLimits, actor: Actor, *, old: str, new: str, now: datetime
) -> None:
    """Replace the password and end every session, this one too: sign in with the new one. API tokens stay.

    A wrong old password counts as a failed sign-in. Raises InvalidError, ForbiddenError (an API token was shown),
    ConflictError, TooManyRequestsError, UnavailableError.
    """
    require_in_person(actor)
    user = read(session, actor)
    about = [user.email, user.name, *([user.tenant.name, user.tenant.slug] if user.tenant else [])]
    session.commit()  # nothing is held while passwords are hashed
    limits.admit_account(user.email, now)
    if not passwords.matches(user.password_hash, old):
        _leave_trace_of_failure(session, limits, actor, user, now)
        raise InvalidError("the password was not changed", [Fault("$.old_password", "is not your password")])
    limits.clear(user.email)
    check_new(new, about, old)
    stored, checked = passwords.hashed(new), user.password_hash
    user = rows.fetch_locked(session, User, user.id, "user")
    if user.password_hash != checked:
        raise ConflictError("the password was changed by somebody else at this moment: sign in again")
    user.password_hash, user.password_expires_at = stored, None
    sign_ins.close_all(session, user, now)
    record(session, actor, "user.change_password", _subject(user), tenant_id=user.tenant_id, at=now)
    session.commit()


def check_new(new: str, about: list[str], old: str = "") -> None:
    """Raises InvalidError with every reason why this password will not do."""
    faults = [Fault("$.new_password", words) for words in password_rules.weaknesses(new, about)]
    if new == old:
        faults.append(Fault("$.new_password", "must differ from the old one"))
    if faults:
        raise InvalidError("the new password will not do", faults)


def _leave_trace_of_failure(
    session: ScopedSession, limits: SignInLimits, actor: Actor, user: User, now: datetime
) -> None:
    locked_for = limits.failed(user.email, now)
    words = "wrong old password" + (f"; locked for {locked_for}" if locked_for else "")
    record(
        session, actor, "user.change_password", _subject(user), tenant_id=user.tenant_id, reason=words, outcome=REFUSED,
        at=now,
    )  # fmt: skip
    session.commit()


def _subject(user: User) -> Subject:
    return Subject("user", user.id, user.email)
