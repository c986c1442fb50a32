"""Numbers in addresses and forms."""

from __future__ import annotations

import re

from control_ui.views.api.operation import LARGEST_ID


def row_number(text: str | None) -> int | None:
    """An id, or the number of a version; None where it is none that the database could hold."""
    number = int(text) if text and re.fullmatch(r"\d{1,19}", text.strip()) else 0
    return number if 0 < number <= LARGEST_ID else None
