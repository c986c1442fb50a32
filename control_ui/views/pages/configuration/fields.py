"""The settings as a form shows them: drawn from the configuration schema, with its titles, units (`x-unit`) and words,
so that a new setting is there by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from control_ui.services.configuration import schema


@dataclass(frozen=True)
class Field:
    """One setting. `path` are the names that lead to it, `spec` is its part of the schema."""

    path: tuple[str, ...]
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        """In forms and paths: `thresholds.temperature_celsius`."""
        return ".".join(self.path)

    @property
    def kind(self) -> str:
        """How it is entered: `number`, `choice`, `switch`, `text`, `lines` (a list of texts), `rows` (of objects)."""
        if "enum" in self.spec:
            return "choice"
        if self.spec["type"] == "array":
            return "rows" if self.spec["items"].get("type") == "object" else "lines"
        return {"integer": "number", "number": "number", "boolean": "switch"}.get(self.spec["type"], "text")

    @property
    def label(self) -> str:
        return str(self.spec["title"])

    @property
    def unit(self) -> str:
        """As it stands behind the number: `s`, `°C`; empty for what has none."""
        return str(self.spec.get("x-unit", ""))

    @property
    def help(self) -> str:
        return str(self.spec.get("description", ""))

    @property
    def bounds(self) -> str:
        """`1 to 100`; empty where the description says so."""
        low, high = self.spec.get("minimum"), self.spec.get("maximum")
        told = set(re.findall(r"\d+", self.help)) >= {str(low), str(high)}
        if told or (low is None and high is None):
            return ""
        if high is None:
            return f"at least {low:,}"
        return f"at most {high:,}" if low is None else f"{low:,} to {high:,}"

    @property
    def default(self) -> Any:
        return self.spec.get("default")

    @property
    def options(self) -> list[tuple[str, str]]:
        """Of `choice` and `switch`: what there is, and how people say it."""
        if self.kind == "switch":
            return [("true", "yes"), ("false", "no")]
        return [(str(value), str(value)) for value in self.spec["enum"]]

    @property
    def columns(self) -> list[Field]:
        """Of `rows`: what each object holds."""
        return [Field((name,), spec) for name, spec in self.spec["items"]["properties"].items()]


@dataclass(frozen=True)
class Part:
    """Settings that stand together: an object of the schema, or all that are in none."""

    title: str
    help: str
    fields: list[Field]


@cache
def parts() -> list[Part]:
    """All settings that a layer may hold, in the schema's order."""
    properties = schema.layer_schema()["properties"]
    alone = [Field((name,), spec) for name, spec in properties.items() if spec.get("type") != "object"]
    objects = [
        Part(
            spec["title"],
            spec.get("description", ""),
            [Field((name, inner), inner_spec) for inner, inner_spec in spec["properties"].items()],
        )
        for name, spec in properties.items()
        if spec.get("type") == "object"
    ]
    return [Part("General", "", alone), *objects]


def fields() -> Iterator[Field]:
    """Every setting."""
    for part in parts():
        yield from part.fields
