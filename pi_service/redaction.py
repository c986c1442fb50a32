"""Keeps camera passwords out of everything a person or another system may read."""

from __future__ import annotations

import copy
import re
from typing import Any

MASK = "***"
_URL_CREDENTIALS = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<user>[^\s/@:]*):(?P<password>[^\s]*)@(?=[^\s@]*)", re.I
)


def redact_text(text: str) -> str:
    """`text` with the password of every URL in it masked: `rtsp://user:***@host/path`."""
    return _URL_CREDENTIALS.sub(lambda match: f"{match['scheme']}{match['user']}:{MASK}@", text)


def redact_config(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of a configuration that may be shown: the camera password and the key hashes are masked."""
    shown = copy.deepcopy(document)
    if isinstance(shown.get("rtsp_url"), str):
        shown["rtsp_url"] = redact_text(shown["rtsp_url"])
    for key in shown.get("api_keys") or []:
        if isinstance(key, dict) and isinstance(key.get("sha256"), str):
            key["sha256"] = key["sha256"][:8] + MASK
    return shown
