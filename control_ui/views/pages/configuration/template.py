"""One template: its versions, what each says, and where each is in use."""

from __future__ import annotations

from flask import render_template, request

from control_ui.models import TemplateVersion
from control_ui.services.configuration import library
from control_ui.services.configuration import templates as template_lines
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.configuration import draft as drafts
from control_ui.views.pages.configuration.draft import Draft
from control_ui.views.pages.configuration.editor import default_of
from control_ui.views.pages.configuration.fields import fields
from control_ui.views.pages.configuration.library import four_eyes
from control_ui.views.pages.configuration.numbers import row_number
from control_ui.views.pages.configuration.target import selection, shown_targets
from control_ui.views.pages.configuration.wording import shown_value
from control_ui.views.pages.page import Answer, page

PER_PAGE = 30


@page("/configuration/templates/<int:template_id>", permission=Permission.FLEET_READ)
def template(call: Call, template_id: int) -> Answer:
    """Its versions, the newest first, and what the version `number` says (the latest)."""
    found = template_lines.fetch(call.session, template_id)
    page_of = template_lines.versions_of(call.session, found, limit=PER_PAGE, cursor=request.args.get("cursor"))
    number = row_number(request.args.get("number"))
    version = template_lines.version_of(call.session, found, number)
    (entry,) = library.entries(call.session, [found], call.now)
    return render_template(
        "configuration/template.html",
        entry=entry,
        versions=page_of.items,
        next=page_of.next,
        authors=library.authors(call.session, page_of.items),
        version=version,
        settings=_settings(version),
        targets=shown_targets(call),
        selection=selection(request.args.get("devices", "")),
        four_eyes=four_eyes(call),
        default_of=default_of,
    )


def draft_of(version: TemplateVersion) -> Draft:
    return drafts.of_document("template", {"body": version.body, "overlays": version.overlays})


def _settings(version: TemplateVersion) -> list[tuple[object, list[str | None]]]:
    """Each setting that any layer holds: its field, and what each layer says (None: nothing)."""
    draft = draft_of(version)
    held = [drafts.entries(draft.settings[layer.name]) for layer in draft.layers]
    found: list[tuple[object, list[str | None]]] = []
    for one in fields():
        told = [_told(layer[one.name]) for layer in held]
        if any(text is not None for text in told):
            found.append((one, told))
    return found


def _told(entry: drafts.Entry) -> str | None:
    if entry.mode == drafts.LEFT_OUT:
        return None
    if entry.mode == drafts.TAKEN_AWAY:
        return "taken away"
    if entry.rows:
        return ", ".join(row.get("name", "?") for row in entry.rows)
    return {"true": "yes", "false": "no"}.get(entry.text, entry.text) or shown_value([])
