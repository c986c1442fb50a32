"""Keeps camera passwords out of everything a person or another system may read."""

from __future__ import annotations

import copy
import re
from typing import Any

MASK = "***"
_URL_CREDENTIALS = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<user>[^\s/@:]*):(?P<password>[^\s]*)@(?=[^\s@]*)", re.I
)
# Some cameras take name and password in the path: /user=admin&password=secret or /user=admin_password=secret_channel=1.
_NAMED_PASSWORD = re.compile(r"(?P<name>(?:password|passwd|pass|pwd)=)[^\s&'\"]+", re.I)


def redact_text(text: str) -> str:
    """`text` with the password of every URL in it masked: `rtsp://user:***@host/path?password=***`."""
    text = _URL_CREDENTIALS.sub(lambda match: f"{match['scheme']}{match['user']}:{MASK}@", text)
    return _NAMED_PASSWORD.sub(lambda match: f"{match['name']}{MASK}", text)


def redact_config(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of a configuration that may be shown: the camera password and the key hashes are masked."""
    shown = copy.deepcopy(document)
    for name in ("rtsp_url", "control_url"):
        if isinstance(shown.get(name), str):
            shown[name] = redact_text(shown[name])
    for key in shown.get("api_keys") or []:
        if isinstance(key, dict) and isinstance(key.get("sha256"), str):
            key["sha256"] = key["sha256"][:8] + MASK
    return shown
