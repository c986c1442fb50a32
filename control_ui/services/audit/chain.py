"""How entries hang together: the canonical form of an entry, and its hash over the one before.

The form is fixed: evidence packs hold it, and their verifier (evidence/verify.py) works it out again.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
"""The `previous_hash` of the first entry of a chain."""
HASHED_FIELDS = (
    "chain",
    "sequence",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "action",
    "outcome",
    "subject_type",
    "subject_id",
    "subject_name",
    "reason",
    "before",
    "after",
    "remote_address",
    "request_id",
    "previous_hash",
)


def moment(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as it is hashed."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def entry_hash(fields: dict[str, Any]) -> str:
    """SHA-256 of an entry's fields as compact JSON with sorted keys; `at` as `moment` gives it."""
    content = {name: fields[name] for name in HASHED_FIELDS}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
