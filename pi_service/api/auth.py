"""Who asks: API keys, several at once, compared in constant time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pi_service.api.problem import ProblemError
from pi_service.config import ApiKey

MAX_KEY_LENGTH = 512  # hashing an endless header once per key would be a cheap way to keep a Pi busy
NO_KEY = "none"
INVALID_KEY = "invalid"
_BEFORE_ANY_EXPIRY = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Verdict:
    """Outcome of one authentication. `key` is a configured name, or `none` / `invalid`: safe as a metric label."""

    key: str
    result: str  # accepted | missing | unknown | expired
    detail: str = ""

    @property
    def admitted(self) -> bool:
        return self.result == "accepted"

    def problem(self) -> ProblemError:
        """The 401 answer for whoever is not admitted."""
        challenge = 'Bearer realm="carwash"'
        if self.result != "missing":
            challenge += ', error="invalid_token"'
        return ProblemError(401, self.detail, kind="unauthorized", headers={"WWW-Authenticate": challenge})


MISSING = Verdict(NO_KEY, "missing", "An API key is needed: send it as X-API-Key or as Authorization: Bearer.")
UNKNOWN = Verdict(INVALID_KEY, "unknown", "This API key is not known here.")


def authenticate(environ: Mapping[str, Any], keys: Sequence[ApiKey], now: datetime) -> Verdict:
    """Judge the key a request (its WSGI environment) presents.

    Every configured key is compared, whichever matches, so time tells nothing.
    """
    presented = _presented_key(environ)
    if not presented:
        return MISSING
    if len(presented) > MAX_KEY_LENGTH:
        return UNKNOWN
    matching = [key for key in keys if key.admits(presented, _BEFORE_ANY_EXPIRY)]
    if not matching:
        return UNKNOWN
    in_force = [key for key in matching if key.expires_at is None or now < key.expires_at]
    if not in_force:
        return Verdict(INVALID_KEY, "expired", f"The API key {matching[0].name!r} has expired; ask for a new one.")
    return Verdict(in_force[0].name, "accepted")


def _presented_key(environ: Mapping[str, Any]) -> str | None:
    key: str | None = environ.get("HTTP_X_API_KEY")
    if key is not None:
        return key
    scheme, _, credentials = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else None
