"""Playbooks that may be run, and what a run may be given."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from control_ui.views.api.schemas.base import Json, Out

MOST_CHARACTERS = 32 * 1024
MOST_VALUES = 5000
DEEPEST = 12
LARGEST_NUMBER = 2**63 - 1


def _bounded(document: dict[str, Any]) -> dict[str, Any]:
    """A JSON object that can be stored anywhere, and gone through without care."""
    characters = values = 0
    waiting: list[tuple[Any, int]] = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        values += 1
        if isinstance(value, dict | list):
            if depth > DEEPEST:
                raise ValueError(f"must not be nested deeper than {DEEPEST}")
            inside = [*value, *value.values()] if isinstance(value, dict) else value
            waiting += [(item, depth + 1) for item in inside]
        elif isinstance(value, str):
            characters += len(value)
            _check_text(value)
        elif isinstance(value, int | float):
            _check_number(value)
        if characters > MOST_CHARACTERS or values > MOST_VALUES:
            raise ValueError(f"must not have more than {MOST_CHARACTERS} characters and {MOST_VALUES} values")
    return document


def _check_text(text: str) -> None:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not hold null characters or halves of surrogate pairs")


def _check_number(number: float) -> None:
    if not math.isfinite(number) or abs(number) > LARGEST_NUMBER:
        raise ValueError(f"numbers must be finite, and at most {LARGEST_NUMBER}")


Variables = Annotated[Json, AfterValidator(_bounded), Field(max_length=100)]
"""Values of a playbook's variables, as its schema has them."""


class PlaybookOut(Out):
    """A playbook that may be run from here."""

    name: str
    title: str
    description: str
    mutates: bool = Field(description="Whether it changes devices, and needs them for itself.")
    supports_check: bool = Field(description="Whether it can show what it would change.")
    variables_schema: Json = Field(alias="schema", description="JSON Schema of its variables.")


class PlaybooksOut(Out):
    items: list[PlaybookOut]
    next: str | None = None
