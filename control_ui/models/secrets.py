"""Columns whose content is encrypted at rest (Fernet: AES-128-CBC with HMAC-SHA-256)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SecretsError(RuntimeError):
    """A secret cannot be read or written with the keys at hand."""


class Keyring:
    """The keys of this process. Column types have no way to be handed anything, so it is one per process."""

    def __init__(self) -> None:
        self._fernet: MultiFernet | None = None

    def load(self, keys: Sequence[str]) -> None:
        """Use these Fernet keys, the newest first."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, content: bytes) -> bytes:
        return self._loaded().encrypt(content)

    def decrypt(self, token: bytes) -> bytes:
        """Raises SecretsError where no key fits."""
        try:
            return self._loaded().decrypt(token)
        except InvalidToken as error:
            raise SecretsError(
                "a secret in the database was encrypted with a key that is not among CARWASH_ENCRYPTION_KEYS, nor is it"
                " the one derived from this SECRET_KEY: add the old key behind the new one, or set the old SECRET_KEY"
            ) from error

    def rotate(self, token: bytes) -> bytes:
        """The same secret, encrypted with the newest key."""
        return self.encrypt(self.decrypt(token))

    def _loaded(self) -> MultiFernet:
        if self._fernet is None:
            raise SecretsError("no encryption keys are loaded: create_app and the worker do it first of all")
        return self._fernet


keyring = Keyring()


class SecretText(sa.types.TypeDecorator[str]):
    """Text that is encrypted at rest."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else keyring.encrypt(value.encode())

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else keyring.decrypt(bytes(value)).decode()


class SecretJson(sa.types.TypeDecorator[dict[str, Any]]):
    """A JSON object that is encrypted at rest."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else keyring.encrypt(json.dumps(value).encode())

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> dict[str, Any] | None:
        if value is None:
            return None
        document: dict[str, Any] = json.loads(keyring.decrypt(bytes(value)))
        return document
