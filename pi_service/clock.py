"""The two clocks of a Pi: the wall clock, which may jump, and the boot clock, which never does and so measures ages."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def boottime_seconds() -> float:
    """Seconds since the Pi was started (`CLOCK_BOOTTIME`): the same for every process, untouched by clock changes."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_now() -> datetime:
    """The date and time in UTC, as far as the Pi knows it."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """`2026-11-23T12:00:00.123Z`: UTC with milliseconds, the form of every time we write."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime:
    """The moment `text` names, in UTC. Raises ValueError where it is none or has no offset."""
    moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return moment.astimezone(UTC)
