"""The one exception a user of the virtual fleet has to expect."""

from __future__ import annotations


class FleetError(RuntimeError):
    """Something about the virtual fleet did not work; the message says what, where and what to do."""
