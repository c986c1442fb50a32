"""A playbook's variables as fields of a form, by its JSON Schema: what is drawn, and what is read back from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

PREFIX = "variables."
_WHOLE = re.compile(r"[+-]?\d{1,18}")


@dataclass(frozen=True)
class Field:
    """`kind` is `integer`, `number`, `boolean`, `choice` (one of `options`), `choices` (some of them), `text`, or
    `json` for whatever a form has no field for."""

    name: str
    kind: str
    title: str
    description: str
    options: tuple[str, ...]
    schema: Mapping[str, Any]
    required: bool

    @property
    def default(self) -> Any:
        return self.schema.get("default")

    @property
    def advice(self) -> str:
        """What to enter, where what was entered is not right."""
        low, high = self.schema.get("minimum"), self.schema.get("maximum")
        if self.kind in ("integer", "number"):
            what = "Enter a whole number" if self.kind == "integer" else "Enter a number"
            bounds = [f"from {low}" if low is not None else "", f"to {high}" if high is not None else ""]
            return " ".join([what, *filter(None, bounds)])
        if self.kind in ("choice", "choices"):
            return "Choose one of them" if self.kind == "choice" else "Choose at least one of them"
        examples = ", ".join(map(str, self.schema.get("examples", [])))
        return f"Enter something like {examples}" if examples else "Enter it as the description says"

    def shown(self, value: Any) -> Any:
        """As the form shows it: text, a list of choices, or a boolean."""
        if self.kind in ("boolean", "choices"):
            return value
        if self.kind == "json":
            return "" if value is None else json.dumps(value)
        return "" if value is None else str(value)


def fields_of(schema: Mapping[str, Any]) -> list[Field]:
    """In the order of the schema."""
    required = schema.get("required", [])
    return [
        Field(
            name=name,
            kind=_kind(one),
            title=str(one.get("title", name)),
            description=str(one.get("description", "")),
            options=tuple(map(str, one.get("enum") or one.get("items", {}).get("enum") or ())),
            schema=one,
            required=name in required,
        )
        for name, one in schema.get("properties", {}).items()
    ]


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "choice" if all(isinstance(value, str) for value in schema["enum"]) else "json"
    if schema.get("type") == "array" and all(isinstance(one, str) for one in schema.get("items", {}).get("enum", [0])):
        return "choices"
    kinds = {"integer": "integer", "number": "number", "boolean": "boolean", "string": "text"}
    return kinds.get(str(schema.get("type")), "json")


def prefilled(fields: list[Field], variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows at first: these variables, and the defaults of the others."""
    return {one.name: one.shown(variables.get(one.name, one.default)) for one in fields}


def entered(fields: list[Field], form: MultiDict[str, str]) -> dict[str, Any]:
    """What the form shows again: everything as it was entered."""
    found: dict[str, Any] = {}
    for one in fields:
        name = PREFIX + one.name
        if one.kind == "choices":
            found[one.name] = form.getlist(name)
        else:
            found[one.name] = name in form if one.kind == "boolean" else form.get(name, "").strip()
    return found


def read(fields: list[Field], shown: Mapping[str, Any]) -> dict[str, Any]:
    """The variables. What is empty or as by default is left out; what has the wrong form goes as it is, and the schema
    says so."""
    typed = {one.name: _typed(one, shown[one.name]) for one in fields if shown[one.name] != ""}
    return {one.name: typed[one.name] for one in fields if one.name in typed and typed[one.name] != one.default}


def _typed(field: Field, value: Any) -> Any:
    if field.kind == "integer":
        return int(value) if _WHOLE.fullmatch(value) else value
    if field.kind in ("number", "json"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
