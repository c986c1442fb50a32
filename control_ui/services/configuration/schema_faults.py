"""The validator's findings in our own words, by path. No text that was given is quoted: it may be a password."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jsonschema.exceptions import ValidationError

from control_ui.services.errors import Fault
from control_ui.services.redaction import redact_text

LONGEST_NAME_SHOWN = 60
NO_SETTING = "is not a setting of the configuration schema"
NO_ADDRESS = "must be an rtsp:// or rtsps:// address with a host and without spaces"
_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_WORDS: dict[str, Callable[[Any], str]] = {
    "type": lambda limit: f"must be {type_words(limit)}",
    "enum": lambda limit: f"must be one of {', '.join(map(str, limit))}",
    "minimum": lambda limit: f"must be at least {limit}",
    "maximum": lambda limit: f"must be at most {limit}",
    "maxLength": lambda limit: f"must have at most {limit} characters",
    "maxItems": lambda limit: f"must have at most {limit} entries",
    "pattern": lambda limit: f"must fit the pattern {limit}",
}


def faults_of(errors: Iterable[ValidationError], root: str = "$") -> list[Fault]:
    """One fault for each thing that is wrong."""
    return list(dict.fromkeys(fault for error in errors for fault in _faults(error, root)))


def path_of(parts: Iterable[str | int], root: str = "$") -> str:
    """As `$.api_keys[0].name`. A name that somebody made up is shortened and redacted."""
    return root + "".join(f"[{part}]" if isinstance(part, int) else f".{shown_name(part)}" for part in parts)


def shown_name(name: str) -> str:
    """A name as it may be shown in a path."""
    return redact_text(name)[:LONGEST_NAME_SHOWN]


def type_words(name: str) -> str:
    """`a whole number` for `integer`."""
    return _TYPES[name]


def _faults(error: ValidationError, root: str) -> Iterator[Fault]:
    here: list[str | int] = list(error.absolute_path)
    instance: Any = error.instance
    limit: Any = error.validator_value
    if error.validator == "required":
        missing = [name for name in limit if name not in instance]
        yield from (Fault(path_of([*here, name], root), "is required") for name in missing)
    elif error.validator == "additionalProperties":
        owner: Any = error.schema
        unknown = sorted(set(instance) - set(owner["properties"]))
        yield from (Fault(path_of([*here, name], root), NO_SETTING) for name in unknown)
    elif here == ["rtsp_url"] and error.validator == "pattern":
        yield Fault(path_of(here, root), NO_ADDRESS)
    else:
        words = _WORDS.get(str(error.validator), lambda _: f"does not fit the schema's {error.validator}")
        yield Fault(path_of(here, root), words(limit))
