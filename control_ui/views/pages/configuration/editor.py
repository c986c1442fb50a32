"""The editor that templates, groups and devices have in common: a form drawn from the schema, and the same as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from flask import render_template, request

from control_ui.services.configuration.facts import KINDS
from control_ui.services.configuration.layer_check import require_layers
from control_ui.services.configuration.reconcile import ABSENT, Reconciled, reconcile
from control_ui.services.configuration.templates import Content
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.configuration import draft as drafts
from control_ui.views.pages.configuration.draft import Draft, Entry, Layer
from control_ui.views.pages.configuration.fields import Field, fields, parts
from control_ui.views.pages.configuration.numbers import row_number
from control_ui.views.pages.configuration.wording import shown_value
from control_ui.views.pages.page import Answer, page

FORM, JSON = "form", "json"
LONGEST_WORDS = {"name": 100, "description": 2000, "note": 2000, "reason": 2000}
_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Editor:
    """What is edited, and how it is shown. `text` is what stands in the JSON view, JSON or not."""

    draft: Draft
    base: dict[str, Any]
    """What the editing began with."""
    row_version: int = 0
    view: str = FORM
    text: str = ""
    faults: list[Fault] = field(default_factory=list)
    summary: str = ""
    reconciled: Reconciled | None = None

    @classmethod
    def begin(cls, draft: Draft, row_version: int = 0) -> Editor:
        view = FORM if draft.fits_a_form() else JSON
        return cls(draft, draft.document(), row_version, view, draft.text())

    @property
    def parts(self) -> Any:
        return parts()

    @property
    def loose_faults(self) -> list[Fault]:
        """Those that belong to no field that is shown."""
        if self.view == JSON:
            return self.faults
        shown = {fault for layer in self.draft.layers for one in fields() for fault in self.faults_at(layer, one)}
        words = {f"$.{name}" for name in LONGEST_WORDS}
        return [fault for fault in self.faults if fault not in shown and fault.path not in words]

    def faults_at(self, layer: Layer, one: Field) -> list[Fault]:
        path = f"{layer.root}.{one.name}"
        return [fault for fault in self.faults if fault.path == path or fault.path.startswith(f"{path}[")]

    def words_at(self, layer: Layer, one: Field) -> str:
        """What is wrong at a field, as a sentence."""
        path = f"{layer.root}.{one.name}"
        told = [f"{_place(fault.path.removeprefix(path))} {fault.message}" for fault in self.faults_at(layer, one)]
        return "; ".join(told)

    def fault_of(self, name: str) -> str:
        """At one of the words: name, description, note, reason."""
        return "; ".join(f"It {fault.message}" for fault in self.faults if fault.path == f"$.{name}")

    def entries(self, layer: Layer) -> dict[str, Entry]:
        return drafts.entries(self.draft.settings[layer.name])

    def held(self, layer: Layer) -> list[tuple[Field, str]]:
        """The settings that a layer sets, and to what, as people read it."""
        held = self.entries(layer)
        return [(one, _words_of(one, held[one.name])) for one in fields() if held[one.name].mode != drafts.LEFT_OUT]

    def count(self, layer: Layer) -> int:
        """How many settings a layer holds."""
        return sum(entry.mode != drafts.LEFT_OUT for entry in self.entries(layer).values())

    def faulty(self, layer: Layer) -> bool:
        return any(self.faults_at(layer, one) for one in fields())

    def beneath(self, one: Field) -> tuple[str, str]:
        """What an overlay lies over: the value as people read it, and where it is from."""
        entry = self.entries(self.draft.layers[0])[one.name]
        if entry.mode in (drafts.LEFT_OUT, drafts.TAKEN_AWAY):
            return default_of(one), "the default"
        return _words_of(one, entry), "all environments"


def default_of(one: Field) -> str:
    """What counts where nobody sets it; empty where the schema says nothing."""
    if one.default is None or one.kind in ("rows", "lines"):
        return ""
    return _text(one.default)


def _words_of(one: Field, entry: Entry) -> str:
    """A value as it stands in its field, on one line."""
    if entry.mode == drafts.TAKEN_AWAY:
        return "taken away"
    if one.kind == "rows" and entry.mode == drafts.VALUE:
        return ", ".join(row.get("name", "?") for row in entry.rows) or "none"
    return ", ".join(entry.text.split("\n")) or ("none" if one.kind == "lines" else "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _told(value: Any) -> str:
    return "left out" if value is ABSENT else shown_value(value)


FOR_TEMPLATES = {"default_of": default_of, "shown_value": shown_value, "told": _told, "facts": KINDS}


def submitted(kind: str) -> Editor:
    """From the form of this request. With faults where it is no JSON; nothing else is checked yet."""
    form = request.form
    base = _object(form.get("base", ""))
    row_version = row_number(form.get("row_version")) or 0
    if form.get("view") != JSON:
        draft = drafts.of_form(kind, form)
        return Editor(draft, base, row_version, FORM, draft.text())
    text = form.get("json", "")
    nothing = drafts.of_document(kind, {})
    try:
        return Editor(drafts.of_text(kind, text), base, row_version, JSON, text)
    except InvalidError as error:
        return Editor(nothing, base, row_version, JSON, text, error.faults, error.detail)


def checked(editor: Editor) -> Editor:
    """With the faults that the services find in it."""
    return editor if editor.faults else replace(editor, faults=faults_of(editor.draft))


def faults_of(draft: Draft) -> list[Fault]:
    try:
        if draft.kind == "template":
            document = draft.document()
            Content(document["body"], document["overlays"]).check()
        else:
            require_layers({layer.root: draft.settings[layer.name] for layer in draft.layers})
    except InvalidError as error:
        return error.faults
    return []


def switched(editor: Editor, view: str) -> Editor:
    """The same in the other view; it stays in this one where the other cannot show it."""
    if view == FORM and (editor.faults or not editor.draft.fits_a_form()):
        why = editor.summary or "The form cannot show all of this: there are settings that it has no field for."
        return checked(replace(editor, summary=why))
    if view == JSON and editor.view == FORM:
        editor = replace(editor, text=editor.draft.text())
    return checked(replace(editor, view=view))


def refused(editor: Editor, error: InvalidError) -> Editor:
    summary = error.detail[:1].upper() + error.detail[1:] + "."
    return replace(editor, faults=error.faults, summary=summary)


def overtaken(editor: Editor, theirs: Draft, row_version: int) -> Editor:
    """Somebody else has saved meanwhile: what was entered, with their changes to what was left alone."""
    found = reconcile(editor.base, theirs.document(), editor.draft.document())
    draft = drafts.of_document(editor.draft.kind, found.settings)
    fits = draft.fits_a_form()
    return replace(
        editor, draft=draft, base=theirs.document(), row_version=row_version, text=draft.text(), reconciled=found,
        view=editor.view if fits else JSON, faults=[],
    )  # fmt: skip


def words() -> dict[str, str]:
    """What was entered beside the settings, as it is."""
    return {name: request.form.get(name, "") for name in LONGEST_WORDS}


def check_words(given: dict[str, str], *wanted: str) -> list[Fault]:
    """What is too long, or missing of what is `wanted`."""
    faults = [
        Fault(f"$.{name}", f"must have at most {most} characters, and no null character")
        for name, most in LONGEST_WORDS.items()
        if len(given[name]) > most or "\x00" in given[name]
    ]
    return faults + [Fault(f"$.{name}", "is missing") for name in wanted if not given[name].strip()]


@page("/configuration/check", methods=("POST",), permission=Permission.FLEET_READ)
def config_check(_call: Call) -> Answer:
    """What the services find wrong with what is entered at this moment, for every field. Nothing is stored."""
    kind = request.form.get("kind", "template")
    editor = checked(submitted(kind if kind in drafts.LAYERS else "template"))
    return render_template("configuration/_checked.html", editor=editor, **FOR_TEMPLATES)


def rendered(page_template: str, editor: Editor, status: int, **values: Any) -> Answer:
    """A page with the editor in it."""
    return render_template(page_template, editor=editor, **FOR_TEMPLATES, **values), status


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _place(rest: str) -> str:
    """`Entry 2, sha256` for `[1].sha256`; `It` for the setting itself."""
    if not rest:
        return "It"
    return _INDEX.sub(lambda found: f"Entry {int(found[1]) + 1}", rest).replace(".", ", ")
