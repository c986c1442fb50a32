"""Short-lived access tokens: signed, not stored. Whoever holds one is that person until it expires, or the sign-in it
came from is ended, or all of the person's are."""

from __future__ import annotations

from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

from control_ui.models import SignIn, User
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import UnauthenticatedError

LIFETIME = timedelta(minutes=15)
_SALT = "access-token"


def issue(user: User, secret_key: str, sign_in: SignIn | None = None) -> str:
    """A token for this person, that ends with the sign-in."""
    return _serializer(secret_key).dumps([user.id, user.session_epoch, None if sign_in is None else sign_in.id])


def read(session: ScopedSession, token: str, secret_key: str) -> User:
    """The person a token stands for, with what they are now. Raises UnauthenticatedError."""
    try:
        user_id, epoch, sign_in_id = _serializer(secret_key).loads(token, max_age=int(LIFETIME.total_seconds()))
    except (BadSignature, TypeError, ValueError) as error:
        raise UnauthenticatedError(
            "the access token is not valid, or has expired: refresh it or sign in again"
        ) from error
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None or user.session_epoch != epoch:
        raise UnauthenticatedError("this person's sessions have been ended: sign in again")
    if sign_in_id is not None and _has_ended(session, sign_in_id):
        raise UnauthenticatedError("you have signed out, or were: sign in again")
    return user


def _has_ended(session: ScopedSession, sign_in_id: int) -> bool:
    sign_in = session.get(SignIn, sign_in_id)
    return sign_in is None or sign_in.ended_at is not None


def _serializer(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=_SALT)
