"""What the stream unit says about itself: the counters and the status of `stream.json`."""

from __future__ import annotations

import os
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pi_service.clock import rfc3339
from pi_service.redaction import redact_text

RATE_WINDOW_SECONDS = 60.0
RATE_WINDOW_INTERVALS = 5
_AWAY = {"connecting", "disconnected"}  # after a failure these two alternate, and are one condition

_SENTENCES = {
    "connecting": "Connecting to the camera",
    "streaming": "Streaming",
    "frozen": "The camera shows the same picture again and again",
    "silent": "The camera is connected but sends no pictures",
    "disconnected": "Camera away, waiting for the next attempt",
}


@dataclass
class StreamState:
    """Counters since the unit started, and the present condition."""

    since: datetime
    status: str = "connecting"
    detail: str = ""
    last_error: dict[str, str] | None = None
    restarts: int = 0
    reconnects: int = 0
    published: int = 0
    repeated: int = 0
    torn: int = 0
    corrupt: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    decode: str | None = None
    ffmpeg_pid: int | None = None
    config_version: int | None = None
    interval_seconds: float | None = None
    throttled: bool = False
    _published_at: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    def set_status(self, status: str, wall_now: datetime) -> bool:
        """Enter a condition; whether it is another than before. `since` goes on while a camera stays away."""
        if status == self.status:
            return False
        if not (self.last_error and {status, self.status} <= _AWAY):
            self.since = wall_now
        self.status = status
        return True

    def add_error(self, reason: str, detail: str, wall_now: datetime) -> str:
        """Count a fault and remember it as the last one. Returns `detail` as it may be shown, without passwords."""
        shown = redact_text(detail)
        self.errors[reason] += 1
        self.last_error = {"reason": reason, "detail": shown, "at": rfc3339(wall_now)}
        return shown

    def add_published(self, now: float) -> None:
        self.published += 1
        self._published_at.append(now)

    def rate_per_second(self, now: float) -> float:
        """Published pictures a second, over the last minute or five intervals, whichever is longer."""
        window = max(RATE_WINDOW_SECONDS, RATE_WINDOW_INTERVALS * (self.interval_seconds or 0))
        return sum(moment > now - window for moment in self._published_at) / window

    def sentence(self) -> str:
        """For `systemctl status`."""
        words = [_SENTENCES[self.status]]
        if self.status != "streaming" and self.last_error:
            words.append(f"({self.last_error['reason']}: {self.last_error['detail']})")
        if self.status == "streaming":
            words.append(f"every {self.interval_seconds:g} s, {self.published} pictures so far")
        return " ".join(words) + (f"; {self.detail}" if self.detail else "")

    def document(self, now: float) -> dict[str, Any]:
        """The JSON object of `stream.json`. `now` is the boot clock, in seconds."""
        return {
            "status": self.status,
            "since": rfc3339(self.since),
            "detail": self.detail,
            "last_error": self.last_error,
            "restarts": self.restarts,
            "reconnects": self.reconnects,
            "published": self.published,
            "repeated": self.repeated,
            "dropped": {"torn": self.torn, "corrupt": self.corrupt},
            "errors": dict(self.errors),
            "decode": self.decode,
            "ffmpeg_pid": self.ffmpeg_pid,
            "supervisor_pid": os.getpid(),
            "config_version": self.config_version,
            "interval_seconds": self.interval_seconds,
            "throttled": self.throttled,
            "generation_rate_per_second": round(self.rate_per_second(now), 6),
            "updated_boottime": now,
        }
