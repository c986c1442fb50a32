"""Short-lived access tokens: signed, not stored. Whoever holds one is that person until it expires or the person's
sessions are ended."""

from __future__ import annotations

from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

from control_ui.models import User
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import UnauthenticatedError

LIFETIME = timedelta(minutes=15)
_SALT = "access-token"


def issue(user: User, secret_key: str) -> str:
    """A token for this person."""
    return _serializer(secret_key).dumps([user.id, user.session_epoch])


def read(session: ScopedSession, token: str, secret_key: str) -> User:
    """The person a token stands for. Raises UnauthenticatedError."""
    try:
        user_id, epoch = _serializer(secret_key).loads(token, max_age=int(LIFETIME.total_seconds()))
    except (BadSignature, TypeError, ValueError) as error:
        raise UnauthenticatedError(
            "the access token is not valid, or has expired: refresh it or sign in again"
        ) from error
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None or user.session_epoch != epoch:
        raise UnauthenticatedError("this person's sessions have been ended: sign in again")
    return user


def _serializer(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=_SALT)
