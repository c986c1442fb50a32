"""Keeps camera passwords, tokens and keys out of everything that is stored to be shown, or shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

MASK = "***"
# Takes the rest of the word at once, so that a long line, however it is made, is gone through only once.
_URL_CREDENTIALS = re.compile(r"://(?P<user>[^\s/@:\"']*):(?P<rest>[^\s\"']*)")
# Some cameras take name and password in the path: /user=admin&password=secret or /user=admin_password=secret_channel=1.
_NAMED = re.compile(r"(?P<name>\b\w*(?:password|passwd|pass|pwd|secret|token|api_?key)=)[^\s&'\"]+", re.I)
_BEARER = re.compile(r"(?P<name>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.I)
_SECRET_NAMES = re.compile(r"(password|passwd|secret|token|private_key|api_key)$", re.I)
_NOT_SECRET = re.compile(r"_(revision|file|id|sha256)$", re.I)
SHORTEST_KNOWN_SECRET = 4
"""A shorter one would be masked in every other word."""


def redact_text(text: str) -> str:
    """`text` with passwords in URLs and in `password=` masked: `rtsp://user:***@host/path`."""
    text = _URL_CREDENTIALS.sub(_without_password, text)
    text = _NAMED.sub(lambda match: f"{match['name']}{MASK}", text)
    return _BEARER.sub(lambda match: f"{match['name']}{MASK}", text)


def redact(value: Any) -> Any:
    """A copy of a JSON value with every text redacted, and whatever stands under a secret's name masked."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, list):
        return [redact(item) for item in value]
    if isinstance(value, dict):
        return {name: _redact_named(str(name), item) for name, item in value.items()}
    return value


def holds_credentials(text: str) -> bool:
    """Whether redacting would change this text."""
    return redact_text(text) != text


def _without_password(credentials: re.Match[str]) -> str:
    """A password goes to the last @: who writes one by hand does not escape the @ in it."""
    _, at, host = credentials["rest"].rpartition("@")
    return f"://{credentials['user']}:{MASK}@{host}" if at else credentials[0]


def _redact_named(name: str, value: Any) -> Any:
    secret = _SECRET_NAMES.search(name) and not _NOT_SECRET.search(name)
    return MASK if secret and isinstance(value, str) and value else redact(value)


class KnownSecrets:
    """Masks secrets that are known to the letter, wherever and however they appear in a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {
            form
            for secret in secrets
            if len(secret) >= SHORTEST_KNOWN_SECRET
            for form in (secret, quote(secret, safe=""), quote(secret), _as_json(secret))
        }
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def mask(self, value: Any) -> Any:
        """A copy of a JSON value, redacted, with the secrets masked too."""
        return self._mask(redact(value))

    def _mask(self, value: Any) -> Any:
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self._pattern.sub(MASK, value)
        if isinstance(value, list):
            return [self._mask(item) for item in value]
        if isinstance(value, dict):
            return {name: self._mask(item) for name, item in value.items()}
        return value


def _as_json(text: str) -> str:
    return json.dumps(text)[1:-1]
