"""Waits for what another process does, and says what was missed when it does not happen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_Value = TypeVar("_Value")
POLL_SECONDS = 0.02


def wait_for(what: str, look: Callable[[], _Value | None], seconds: float = 30.0) -> _Value:
    """The first value of `look` that is true."""
    give_up_at = time.monotonic() + seconds
    while not (value := look()):
        assert time.monotonic() < give_up_at, f"waited {seconds} s in vain for {what}"
        time.sleep(POLL_SECONDS)
    return value
