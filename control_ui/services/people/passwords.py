"""Password hashes: argon2id with the parameters that argon2-cffi recommends (RFC 9106, low memory)."""

from __future__ import annotations

import functools
import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LONGEST = 256
"""Characters; hashing a longer one would only be work for us."""
_AT_ONCE = threading.BoundedSemaphore(4)
"""Each hashing takes 64 MiB and four threads: a crowd at the door must not take the machine down."""
_ONE_TIME_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is mistaken for something else when it is read aloud or typed off: i, l, o, 0, 1."""
_GROUPS, _GROUP_LENGTH = 4, 5
_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """What is stored of a password. It takes about 50 ms: have no transaction open meanwhile."""
    with _AT_ONCE:
        return _hasher.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password. It takes as long where nothing is stored, so that time does not tell who has an
    account."""
    try:
        with _AT_ONCE:
            return _hasher.verify(stored or _nobodys(), _normal(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether it was hashed with other parameters than a new one would be."""
    return _hasher.check_needs_rehash(stored)


def one_time() -> str:
    """A password of 99 random bits that can be read aloud: `k7f2m-9qxw4-...`."""
    groups = ("".join(secrets.choice(_ONE_TIME_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    return "-".join(groups)


@functools.cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def _normal(password: str) -> str:
    """The same letters make the same password, whichever keyboard they come from."""
    return unicodedata.normalize("NFKC", password)
