"""What a live log is in Redis, and how it may stand."""

from __future__ import annotations

KEEP_SECONDS = 900
VIEWER_SECONDS = 8
"""A page that has not asked for so long is taken to be closed."""
WAITING, CONNECTING, FOLLOWING, ENDED = "waiting", "connecting", "following", "ended"


def key_of(log_id: str) -> str:
    return f"live-log:{log_id}"


def lines_of(log_id: str) -> str:
    return f"live-log:{log_id}:lines"


def viewer_of(log_id: str) -> str:
    return f"live-log:{log_id}:viewer"
