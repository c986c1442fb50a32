"""How often somebody may try passwords: counted in Redis, so that every process counts the same.

- From one address (of IPv6: one /64 network) ten tries a minute, whoever they are for.
- For one account five tries that fail within a quarter of an hour lock it: for a quarter of an hour first, then each
  time for twice as long, up to four hours, until somebody gets in or a day has passed. An account that does not exist
  is locked alike, so that a lock tells nobody who has one. While it is locked, not even the right password is tried;
  sessions and tokens that are there go on working.

A try is counted before its password is checked: a hundred at once are no way around it. Where Redis is away nobody
signs in with a password (503), for uncounted guessing is worse than waiting; sessions, access tokens and API tokens go
on working.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import redis
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from control_ui.services.errors import TooManyRequestsError, UnavailableError

log = logging.getLogger(__name__)

FROM_AN_ADDRESS = RateLimitItemPerMinute(10, namespace="address")
FOR_AN_ACCOUNT = RateLimitItemPerMinute(5, 15, namespace="account")
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=4)
LOCKS_REMEMBERED = timedelta(days=1)
PREFIX = "sign-in"


class SignInLimits:
    """Every method raises UnavailableError where Redis does not answer."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection
        storage = RedisStorage("redis://", connection_pool=connection.connection_pool, key_prefix=PREFIX)
        self._windows = MovingWindowRateLimiter(storage)

    def admit(self, address: str, email: str, now: datetime) -> None:
        """Count a try. Raises TooManyRequestsError where it is one too many."""
        with _redis_needed():
            self._refuse_locked(email, now)
            self._count(FROM_AN_ADDRESS, _network(address), "too many tries from your address")
            self._count(FOR_AN_ACCOUNT, _hidden(email), "too many tries for this account")

    def admit_account(self, email: str, now: datetime) -> None:
        """Count a try of somebody who is signed in already."""
        with _redis_needed():
            self._refuse_locked(email, now)
            self._count(FOR_AN_ACCOUNT, _hidden(email), "too many tries for this account")

    def failed(self, email: str, now: datetime) -> timedelta | None:
        """The try was for nothing. Gives for how long the account has been locked by it, if it was the last one."""
        account = _hidden(email)
        with _redis_needed():
            if self._windows.get_window_stats(FOR_AN_ACCOUNT, account).remaining > 0:
                return None
            return self._lock(account, now)

    def clear(self, email: str) -> None:
        """Somebody got in, or has been given a new password: forget the tries and the locks."""
        account = _hidden(email)
        with _redis_needed():
            self._windows.clear(FOR_AN_ACCOUNT, account)
            self._redis.delete(_key("lock", account), _key("locks", account))

    def _refuse_locked(self, email: str, now: datetime) -> None:
        key = _key("lock", _hidden(email))
        until = self._redis.get(key)
        if until is None:
            return
        left = float(until) - now.timestamp()
        if left > 0:
            raise TooManyRequestsError(
                f"too many passwords were wrong: this account is locked for another {math.ceil(left / 60)} min."
                " An administrator can unlock it by giving a new password",
                math.ceil(left),
            )
        self._redis.delete(key)

    def _count(self, item: RateLimitItem, who: str, words: str) -> None:
        if self._windows.hit(item, who):
            return
        reset_time = self._windows.get_window_stats(item, who).reset_time
        seconds = max(1, math.ceil(reset_time - time.time()))
        raise TooManyRequestsError(f"{words}: wait {seconds} s", seconds)

    def _lock(self, account: str, now: datetime) -> timedelta | None:
        """Of two that fail at once, one locks."""
        earlier = int(self._redis.get(_key("locks", account)) or 0)
        lasts = min(FIRST_LOCK * (1 << earlier), LONGEST_LOCK)
        until = (now + lasts).timestamp()
        if not self._redis.set(_key("lock", account), until, nx=True, ex=lasts):
            return None
        self._redis.set(_key("locks", account), earlier + 1, ex=LOCKS_REMEMBERED)
        self._windows.clear(FOR_AN_ACCOUNT, account)
        return lasts


@contextmanager
def _redis_needed() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        log.error("nobody can sign in with a password: Redis does not answer: %s", error)
        raise UnavailableError(
            "signing in with a password needs Redis, which does not answer; sessions and tokens go on working"
        ) from error


def _key(kind: str, account: str) -> str:
    return f"{PREFIX}:{kind}:{account}"


def _hidden(email: str) -> str:
    """What was typed as an e-mail address may be anything, a password included: it is not kept."""
    return hashlib.sha256(email.encode()).hexdigest()


def _network(address: str) -> str:
    """Whoever has one IPv6 address has 2**64 of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
