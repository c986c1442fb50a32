"""How often one address may try to register in vain. Registrations that succeed cost nothing: a whole fleet may stand
behind one address."""

from __future__ import annotations

import logging

import redis
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from control_ui.services.errors import TooManyRequestsError

log = logging.getLogger(__name__)

FAILURES = RateLimitItemPerMinute(20)
RETRY_SECONDS = 60


class RegistrationLimit:
    """Counts in Redis. While that is away nobody is refused: the tokens themselves cannot be guessed."""

    def __init__(self, connection: redis.Redis) -> None:
        storage = RedisStorage("redis://", connection_pool=connection.connection_pool, key_prefix="register")
        self._limiter = MovingWindowRateLimiter(storage)

    def check(self, address: str) -> None:
        """Raises TooManyRequestsError."""
        try:
            free = self._limiter.test(FAILURES, address)
        except redis.RedisError as error:
            log.warning("attempts to register are not counted: %s", error)
            return
        if not free:
            raise TooManyRequestsError(
                "too many attempts to register from this address have failed: see what they were refused for, and wait"
                " a minute",
                RETRY_SECONDS,
            )

    def count(self, address: str) -> None:
        """One more has failed."""
        try:
            self._limiter.hit(FAILURES, address)
        except redis.RedisError as error:
            log.warning("an attempt to register is not counted: %s", error)
