"""Takes out of an event what must not be stored: passwords, and characters that PostgreSQL refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from control_ui.services.redaction import SHORTEST_KNOWN_SECRET, KnownSecrets

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNSTORABLE_IN_JSON = re.compile(r"\\u(?:0000|d[89a-f])")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Masker:
    """Masks the camera passwords of a slice's hosts in every event, whichever host it is of.

    Most events hold none: what does is found by plain search first, because a pattern of hundreds of passwords takes
    longer than Ansible takes to make an event.
    """

    def __init__(self, passwords: Iterable[str]) -> None:
        self._forms = {
            form: password
            for password in passwords
            if len(password) >= SHORTEST_KNOWN_SECRET
            for written in (password, quote(password, safe=""), quote(password), json.dumps(password)[1:-1])
            for form in (json.dumps(written)[1:-1],)
        }
        self._generic = KnownSecrets(())

    def clean(self, document: Any) -> Any:
        """A copy of a JSON value that may be stored and shown."""
        text = json.dumps(document)
        if _UNSTORABLE_IN_JSON.search(text):
            document = _storable(document)
        found = {password for form, password in self._forms.items() if form in text}
        return (KnownSecrets(found) if found else self._generic).mask(document)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(str(name)): _storable(item) for name, item in value.items()}
    return value
