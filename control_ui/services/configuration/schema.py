"""The settings of a Pi. The one list of them is `pi_service/config.schema.json`, read here as data."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from control_ui.services.configuration.schema_faults import faults_of
from control_ui.services.errors import Fault
from control_ui.settings import REPOSITORY

SCHEMA_FILE = REPOSITORY / "pi_service" / "config.schema.json"
SET_BY_SYSTEM = ("version", "device_id")
"""No layer may hold these."""


@cache
def schema() -> dict[str, Any]:
    """Of a whole configuration."""
    document: dict[str, Any] = json.loads(SCHEMA_FILE.read_bytes())
    return document


@cache
def layer_schema() -> dict[str, Any]:
    """Of a layer: any of the settings, none of them required."""
    settings = {name: spec for name, spec in schema()["properties"].items() if name not in SET_BY_SYSTEM}
    return {"type": "object", "additionalProperties": False, "properties": settings}


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


@cache
def layer_validator() -> Draft202012Validator:
    return Draft202012Validator(layer_schema())


def most_api_keys() -> int:
    """So many a Pi takes."""
    most: int = schema()["properties"]["api_keys"]["maxItems"]
    return most


def check(document: dict[str, Any]) -> list[Fault]:
    """Every fault of a whole configuration, by path; none of them quotes a text of it. Empty: it is valid."""
    faults = faults_of(validator().iter_errors(document))
    return sorted(faults or list(_relation_faults(document)), key=lambda fault: fault.path)


def defaults(document: dict[str, Any]) -> dict[str, Any]:
    """By path, the value of each setting that the document leaves to the schema."""
    found = dict(_missing(document, schema()["properties"], "$"))
    if "stale_after_seconds" not in document:
        found["$.stale_after_seconds"] = 3 * _interval(document)
    return found


def with_defaults(document: dict[str, Any]) -> dict[str, Any]:
    """A copy with every default filled in: what the Pi makes of it."""
    whole = copy.deepcopy(document)
    for path, value in defaults(document).items():
        *objects, name = path.removeprefix("$.").split(".")
        target = whole
        for one in objects:
            target = target.setdefault(one, {})
        target[name] = value
    return whole


def _missing(document: dict[str, Any], properties: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, spec in properties.items():
        value = document.get(name)
        if spec.get("type") == "object":
            yield from _missing(value if isinstance(value, dict) else {}, spec["properties"], f"{path}.{name}")
        elif name not in document and "default" in spec:
            yield f"{path}.{name}", spec["default"]


def _relation_faults(document: dict[str, Any]) -> Iterator[Fault]:
    """What a schema cannot say: relations between settings, and dates that exist."""
    interval, stale_after = _interval(document), document.get("stale_after_seconds")
    if stale_after is not None and stale_after < interval:
        yield Fault(
            "$.stale_after_seconds",
            f"is {stale_after}, less than snapshot_interval_seconds ({interval}): every picture would be stale before"
            " the next",
        )
    seen: set[str] = set()
    for index, key in enumerate(document.get("api_keys", [])):
        if key["name"] in seen:
            yield Fault(f"$.api_keys[{index}].name", "is used twice: metrics could not tell the two apart")
        seen.add(key["name"])
        if "expires_at" in key and not _exists(key["expires_at"]):
            yield Fault(f"$.api_keys[{index}].expires_at", "is not a date that exists")


def _interval(document: dict[str, Any]) -> Any:
    return document.get("snapshot_interval_seconds", schema()["properties"]["snapshot_interval_seconds"]["default"])


def _exists(moment: str) -> bool:
    try:
        datetime.fromisoformat(moment.upper().replace("Z", "+00:00"))
    except ValueError:
        return False
    return True
