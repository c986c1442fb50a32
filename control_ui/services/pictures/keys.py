"""The key with which the control plane asks a Pi for its picture: one for each Pi, derived, so that none is stored.

A Pi knows only its SHA-256, from the `api_keys` of each configuration that is made here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from control_ui.models.secrets import SecretsError

NAME = "control-plane"
"""What the key is called in configurations, metrics and request logs."""
KEY_BYTES = 32


class PictureKeys:
    """The keys of this process' control plane."""

    def __init__(self) -> None:
        self._secret = b""

    def load(self, secret_key: str) -> None:
        """Derive from Settings.secret_key from now on."""
        self._secret = secret_key.encode()

    def key_of(self, device_id: int) -> str:
        """In clear: for the request to the Pi, and for nobody else. Raises SecretsError before `load`."""
        if not self._secret:
            raise SecretsError("no secret key is loaded: create_app and the worker do it first of all")
        info = f"carwash picture key {device_id}".encode()
        derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._secret)
        return base64.urlsafe_b64encode(derived).decode().rstrip("=")

    def entry_of(self, device_id: int) -> dict[str, str]:
        """As it stands among the `api_keys` of a configuration."""
        return {"name": NAME, "sha256": hashlib.sha256(self.key_of(device_id).encode()).hexdigest()}


picture_keys = PictureKeys()
"""Of this process, as the keyring is: what renders configurations is handed no settings."""


def with_own_key(keys: Sequence[Any], device_id: int, most: int) -> list[Any]:
    """`keys` of a configuration with the control plane's of today behind them, in the place of an older one. Where
    there are `most` without it they stay as they are: the controllers' keys matter more."""
    others = [key for key in keys if not is_own(key)]
    return others if len(others) >= most else [*others, picture_keys.entry_of(device_id)]


def is_own(key: Any) -> bool:
    """Whether an entry of `api_keys` bears the control plane's name."""
    return isinstance(key, dict) and key.get("name") == NAME


def knows_us(document: dict[str, Any], device_id: int) -> bool:
    """Whether a Pi that runs this configuration accepts today's key."""
    keys = document.get("api_keys")
    return isinstance(keys, list) and picture_keys.entry_of(device_id) in keys
