"""The names of time zones that are known here, and the years in which a moment can be brought to any of them."""

from __future__ import annotations

import functools
import zoneinfo

EARLIEST_YEAR = 1970
LATEST_YEAR = 9998


@functools.cache
def names() -> frozenset[str]:
    """All of them: `UTC`, `America/Chicago` ... They come with the system or with the package tzdata."""
    return frozenset(zoneinfo.available_timezones())


def is_known(name: str) -> bool:
    return name in names()


@functools.cache
def listed() -> tuple[str, ...]:
    """Those that people choose from, by name: a region and a place in it, and UTC."""
    return ("UTC", *sorted(name for name in names() if "/" in name and not name.startswith(("Etc/", "SystemV/"))))
