"""Public SSH host keys that are whole, made up for tests."""

from __future__ import annotations

import base64
import struct


def host_key(kind: str = "ssh-ed25519", seed: int = 1) -> str:
    blob = struct.pack(">I", len(kind)) + kind.encode() + struct.pack(">I", 32) + bytes([seed]) * 32
    return f"{kind} {base64.b64encode(blob).decode()}"
