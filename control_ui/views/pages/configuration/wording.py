"""Values, layers and sides of a comparison, as people say them."""

from __future__ import annotations

import json
import re
from typing import Any

_TEMPLATE = re.compile(r"template:(?P<name>.*)@(?P<number>\d+)")
_MADE = re.compile(r"(?P<name>.*)@(?P<number>\d+)")


def shown_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in ([], {}):
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def layer_words(origin: str) -> str:
    """`Standard v3` for `template:Standard@3`, `this site` for `device`."""
    found = _TEMPLATE.fullmatch(origin)
    if found:
        return f"{found['name']} v{found['number']}" if found["number"] != "0" else found["name"]
    kind, _, name = origin.partition(":")
    return f"{kind} {name}" if name else {"device": "this site"}.get(kind, kind)


def side_words(label: str) -> str:
    """`Standard, version 3` for `template:Standard@3`, `wash-1, configuration 4` for `wash-1@4`."""
    found = _TEMPLATE.fullmatch(label)
    if found:
        return f"{found['name']}, version {found['number']}"
    found = _MADE.fullmatch(label)
    return f"{found['name']}, configuration {found['number']}" if found else label
