"""Where something is sent, as addresses and forms have it: `all`, `region:west`, `group:5`, `devices:1,2`, `query`."""

from __future__ import annotations

import re
from typing import Any

from control_ui.services.devices import target_choices
from control_ui.services.devices.target_choices import Choice
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.targets import MOST_DEVICES
from control_ui.views.pages.configuration.numbers import row_number

DEVICES = "devices"
QUERY = "query"
WORDS = ("region", "ring", "environment")
HEADINGS = {"all": "Everywhere", "region": "Regions", "ring": "Rings", "environment": "Environments", "group": "Groups"}


def key_of(choice: Choice) -> str:
    return choice.kind if choice.kind == "all" else f"{choice.kind}:{choice.value}"


def shown_targets(call: Call) -> list[tuple[str, list[tuple[str, Choice]]]]:
    """Under headings, each target with its key; nothing for those who may not deploy."""
    if Permission.CONFIG_WRITE not in call.actor.permissions:
        return []
    return headed(target_choices.choices(call.session))


def headed(choices: list[Choice]) -> list[tuple[str, list[tuple[str, Choice]]]]:
    by_kind = {kind: [(key_of(one), one) for one in choices if one.kind == kind] for kind in HEADINGS}
    return [(heading, by_kind[kind]) for kind, heading in HEADINGS.items() if by_kind[kind]]


def selection(text: str) -> list[int]:
    """Ids of devices, as `1,2,3`; what is none is left out."""
    found = {row_number(one) for one in text.split(",")[:MOST_DEVICES]}
    return sorted(one for one in found if one is not None)


def read(key: str, query: str) -> dict[str, Any]:
    """As services/devices/targets.py takes it. Raises InvalidError with the fault at `$.to`."""
    kind, _, value = key.partition(":")
    if key == "all":
        return {"all": True}
    if key == QUERY and query.strip():
        return {"query": query}
    if kind == DEVICES and (ids := selection(value)):
        return {"device_ids": ids}
    if kind == "group" and re.fullmatch(r"\d{1,18}", value):
        return target_choices.target_of(kind, value)
    if kind in WORDS and value and '"' not in value:
        return target_choices.target_of(kind, value)
    at, what = ("query", "is missing") if key == QUERY else ("to", "say where to")
    raise InvalidError("it is not said where to", [Fault(f"$.{at}", what)])
