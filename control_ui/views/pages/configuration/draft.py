"""Settings while they are edited: from a document to the fields of a form, and back. What was entered is never lost,
right or wrong: the services say what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from control_ui.models.devices import Environment
from control_ui.services.errors import Fault, InvalidError
from control_ui.views.pages.configuration.fields import Field, fields

Settings = dict[str, Any]
LEFT_OUT, VALUE, EXPRESSION, TAKEN_AWAY = "", "value", "expression", "null"
_WHOLE, _NUMBER = re.compile(r"-?\d{1,18}"), re.compile(r"-?\d{1,18}(\.\d{1,18})?([eE][-+]?\d{1,2})?")
_LOOKS_LIKE_AN_EXPRESSION = re.compile(r"{{|{%|{#")


@dataclass(frozen=True)
class Layer:
    """One set of settings among those that are edited together. `root` is its path in the services' faults."""

    name: str
    label: str
    root: str


BODY = Layer("base", "All environments", "$.body")
OF_TEMPLATES = (BODY, *(Layer(str(one), str(one).capitalize(), f"$.overlays.{one}") for one in Environment))
OF_OVERRIDES = (Layer("override", "Override", "$.config_override"),)
LAYERS = {"template": OF_TEMPLATES, "override": OF_OVERRIDES}


@dataclass(frozen=True)
class Entry:
    """What a field of the form holds: `text` of a value or an expression, `rows` of a list of objects."""

    mode: str = LEFT_OUT
    text: str = ""
    rows: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Draft:
    """The settings of every layer, by its name."""

    kind: str
    settings: dict[str, Settings]

    @property
    def layers(self) -> tuple[Layer, ...]:
        return LAYERS[self.kind]

    def document(self) -> Settings:
        """As JSON has it: body and overlays of a template, or the override alone."""
        if self.kind == "override":
            return self.settings["override"]
        overlays = {layer.name: self.settings[layer.name] for layer in self.layers[1:] if self.settings[layer.name]}
        return {"body": self.settings[BODY.name], "overlays": overlays}

    def text(self) -> str:
        return json.dumps(self.document(), indent=2, ensure_ascii=False)

    def fits_a_form(self) -> bool:
        """Whether the form would give back the very same settings."""
        return all(_without_empty(read(entries(one))) == _without_empty(one) for one in self.settings.values())


def of_document(kind: str, document: Any) -> Draft:
    """Raises InvalidError where its outermost form is not that of such a document."""
    root = "$" if kind == "template" else "$.config_override"
    if not isinstance(document, dict):
        raise InvalidError("this is no object of settings", [Fault(root, "must be an object")])
    if kind == "override":
        return Draft(kind, {"override": document})
    known = {"body", "overlays"}
    faults = [Fault(f"$.{name[:60]}", "is neither body nor overlays") for name in document if name not in known]
    body, overlays = document.get("body", {}), document.get("overlays", {})
    faults += [
        Fault(path, "must be an object")
        for path, value in (("$.body", body), ("$.overlays", overlays))
        if not isinstance(value, dict)
    ]
    names = {layer.name for layer in OF_TEMPLATES[1:]}
    if not faults:
        faults += [
            Fault(f"$.overlays.{name[:60]}", f"is not an environment: {', '.join(Environment)}")
            for name in overlays
            if name not in names
        ]
        faults += [
            Fault(f"$.overlays.{name}", "must be an object of settings")
            for name in names & overlays.keys()
            if not isinstance(overlays[name], dict)
        ]
    if faults:
        raise InvalidError("this is no template", faults)
    return Draft(kind, {BODY.name: body} | {name: overlays.get(name, {}) for name in sorted(names)})


def of_text(kind: str, text: str) -> Draft:
    """Raises InvalidError with the place where it is no JSON."""
    try:
        document = json.loads(text or "{}")
    except RecursionError as error:
        raise InvalidError("this is no JSON", [Fault("$", "is nested too deep")]) from error
    except ValueError as error:
        where = f"line {error.lineno}, column {error.colno}: " if isinstance(error, json.JSONDecodeError) else ""
        what = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise InvalidError("this is no JSON", [Fault("$", f"{where}{what}")]) from error
    return of_document(kind, document)


def of_form(kind: str, form: MultiDict[str, str]) -> Draft:
    """From the fields that a browser has sent."""
    return Draft(kind, {layer.name: read(sent(form, layer)) for layer in LAYERS[kind]})


def sent(form: MultiDict[str, str], layer: Layer) -> dict[str, Entry]:
    """By field, what the form holds for one layer."""
    return {one.name: _sent(form, one, f"{layer.name}/{one.name}") for one in fields()}


def _sent(form: MultiDict[str, str], one: Field, name: str) -> Entry:
    mode = form.get(f"{name}/mode", LEFT_OUT)
    if mode == EXPRESSION:
        return Entry(mode, form.get(f"{name}/text", ""))
    if one.kind == "rows":
        columns = {column.name: form.getlist(f"{name}/{column.name}") for column in one.columns}
        rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=False)]
        return Entry(mode, rows=[row for row in rows if any(cell.strip() for cell in row.values())])
    return Entry(mode, form.get(f"{name}/value", ""))


def entries(settings: Settings) -> dict[str, Entry]:
    """By field, what the form shows of these settings."""
    found = {}
    for one in fields():
        holder: Any = settings
        for name in one.path[:-1]:
            holder = holder.get(name) if isinstance(holder, dict) else None
        there = isinstance(holder, dict) and one.path[-1] in holder
        found[one.name] = _entry(one, holder[one.path[-1]]) if there else Entry()
    return found


def _entry(one: Field, value: Any) -> Entry:
    if value is None:
        return Entry(TAKEN_AWAY)
    if one.kind == "rows" and isinstance(value, list):
        rows = [row if isinstance(row, dict) else {} for row in value]
        return Entry(VALUE, rows=[{name: str(cell) for name, cell in row.items()} for row in rows])
    if one.kind == "lines" and isinstance(value, list):
        return Entry(VALUE, "\n".join(map(str, value)))
    if isinstance(value, str):
        plain = one.kind == "text" or (one.kind == "number" and not _LOOKS_LIKE_AN_EXPRESSION.search(value))
        plain = plain or value in one.spec.get("enum", ())
        return Entry(VALUE if plain else EXPRESSION, value)
    return Entry(VALUE, json.dumps(value))


def read(held: Mapping[str, Entry]) -> Settings:
    """The settings that a form holds."""
    settings: Settings = {}
    for one in fields():
        entry = held[one.name]
        if entry.mode == LEFT_OUT:
            continue
        holder = settings
        for name in one.path[:-1]:
            holder = holder.setdefault(name, {})
        holder[one.path[-1]] = _value(one, entry)
    return settings


def _value(one: Field, entry: Entry) -> Any:
    if entry.mode == TAKEN_AWAY:
        return None
    text = entry.text.strip()
    if entry.mode == EXPRESSION:
        return text
    if one.kind == "rows":
        return [{name: cell.strip() for name, cell in row.items() if cell.strip()} for row in entry.rows]
    if one.kind == "lines":
        return [line.strip() for line in entry.text.splitlines() if line.strip()]
    if one.kind == "number" and _NUMBER.fullmatch(text):
        return int(text) if _WHOLE.fullmatch(text) else float(text)
    return {"true": True, "false": False}.get(text, text) if one.kind == "switch" else text


def _without_empty(value: Any) -> Any:
    """An empty object lays nothing over anything."""
    if not isinstance(value, dict):
        return value
    inner = {name: _without_empty(item) for name, item in value.items()}
    return {name: item for name, item in inner.items() if item != {}}
