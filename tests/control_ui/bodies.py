"""A valid body for every operation that takes one, made from ids of rows that exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Ids = dict[str, int | str]

OWN: set[str] = set()
"""Operations on what is the caller's own, whoever that is: no id in their path names somebody else's row."""

BODIES: dict[str, Callable[[Ids], dict[str, Any]]] = {}
