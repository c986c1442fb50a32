"""Public SSH host keys: checking the ones a Pi sends, and finding a host's in a known_hosts file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from control_ui.services.errors import Fault, InvalidError

SSH_PORT = 22
MOST = 20
LONGEST = 2000
KINDS = frozenset({"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"})
_HASHED = "|1|"
_LENGTH_BYTES = 4


def is_public_key(line: str) -> bool:
    """Whether `line` is `<kind> <base64>`, whole, of a kind SSH servers have, and says the same kind inside."""
    kind, _, content = line.partition(" ")
    if kind not in KINDS or len(line) > LONGEST:
        return False
    try:
        blob = base64.b64decode(content, validate=True)
        (length,) = struct.unpack(">I", blob[:_LENGTH_BYTES])
    except (binascii.Error, ValueError, struct.error):
        return False
    rest = blob[_LENGTH_BYTES:]
    return rest[:length] == kind.encode() and len(rest) > length


def ordered(keys: Iterable[str]) -> list[str]:
    """Without doubles, ed25519 first, so that equal sets are equal lists."""
    return sorted(set(keys), key=lambda key: (not key.startswith("ssh-ed25519 "), key))


@dataclass(frozen=True)
class _Entry:
    patterns: tuple[str, ...]
    key: str

    def names(self, host: str) -> bool:
        return any(_is(pattern, host) for pattern in self.patterns)


class KnownHosts:
    """The entries of a known_hosts file. Wildcards and markers (@cert-authority, @revoked) vouch for no single host:
    they are left out."""

    def __init__(self, text: str) -> None:
        """Raises InvalidError with the line that cannot be read."""
        self._entries = [entry for number, line in enumerate(text.splitlines(), 1) if (entry := _entry(line, number))]

    def keys_of(self, names: Iterable[str], port: int | None) -> list[str]:
        """Keys of the host with any of these names or addresses, at this port (None: SSH's own)."""
        hosts = [name if port in (None, SSH_PORT) else f"[{name}]:{port}" for name in names if name]
        return ordered(entry.key for entry in self._entries if any(entry.names(host) for host in hosts))


def _entry(line: str, number: int) -> _Entry | None:
    words = line.split()
    if not words or words[0].startswith(("#", "@")):
        return None
    key = " ".join(words[1:3])
    if not is_public_key(key):
        raise InvalidError("the known_hosts file is not valid", [Fault(f"line {number}", "is no host key of SSH")])
    return _Entry(tuple(words[0].split(",")), key)


def _is(pattern: str, host: str) -> bool:
    """Whether a pattern is exactly this host. `ssh -o HashKnownHosts=yes` writes salted hashes (HMAC-SHA-1)."""
    if not pattern.startswith(_HASHED):
        return pattern == host
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in pattern[len(_HASHED) :].split("|"))
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.digest(salt, host.encode(), hashlib.sha1), digest)
