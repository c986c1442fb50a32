"""What a person's or a tenant's fields may hold, whichever way they come in."""

from __future__ import annotations

import re

from control_ui.services import timezones
from control_ui.services.errors import Fault, InvalidError

EMAIL_PATTERN = r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$"
"""In lower case. Only a message sent there would tell more."""
LONGEST_EMAIL = 254
SLUG_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"
LONGEST_NAME = 100


def check(**given: str) -> None:
    """Check `email`, `slug`, `name` or `timezone`, whichever are given. Raises InvalidError with every fault."""
    faults = [Fault(f"$.{field}", words) for field, value in given.items() if (words := _fault(field, value))]
    if faults:
        raise InvalidError("what was given cannot be taken", faults)


def _fault(field: str, value: str) -> str:
    if field == "email" and (len(value) > LONGEST_EMAIL or not re.fullmatch(EMAIL_PATTERN, value)):
        return "must be an e-mail address, such as name@example.com"
    if field == "slug" and not re.fullmatch(SLUG_PATTERN, value):
        return "must be 1 to 63 of a-z, 0-9 and -, and not begin with -"
    if field == "name" and not (value.strip() and len(value) <= LONGEST_NAME and value.isprintable()):
        return f"must have 1 to {LONGEST_NAME} characters"
    if field == "timezone" and not timezones.is_known(value):
        return "must be the name of a time zone, such as UTC or America/Chicago"
    return ""
