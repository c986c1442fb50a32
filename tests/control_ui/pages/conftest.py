"""Pages are for the same people as the API."""

from __future__ import annotations

from tests.control_ui.people.conftest import _cheap_hashing, cast

__all__ = ["_cheap_hashing", "cast"]
