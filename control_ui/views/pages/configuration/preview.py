"""What a device would get, from which layer each value comes, and what is wrong with it. Nothing is stored."""

from __future__ import annotations

from flask import render_template, request

from control_ui.services.configuration import device_configuration, draft_preview, library, schema
from control_ui.services.configuration.device_configuration import Dry
from control_ui.services.configuration.layers import DEFAULT
from control_ui.services.configuration.templates import Content
from control_ui.services.devices import names
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.configuration import editor as editors
from control_ui.views.pages.configuration.editor import Editor
from control_ui.views.pages.configuration.numbers import row_number
from control_ui.views.pages.configuration.wording import layer_words, shown_value
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, page
from control_ui.views.state import app_state


@page("/configuration/preview", permission=Permission.FLEET_READ)
def config_preview(call: Call) -> Answer:
    """Of a device (`device`, its name or its site's) with a template's version, or with its own."""
    template_id, number = row_number(request.args.get("template")), row_number(request.args.get("number"))
    device, problems, dry, status = request.args.get("device", "")[:200], Problems(), None, 200
    try:
        if device.strip():
            dry = device_configuration.dry_now(
                call.session, names.by_name(call.session, device), template_id=template_id, number=number,
                override=None, control_url=app_state().settings.public_url, now=call.now,
            )  # fmt: skip
    except InvalidError as error:
        problems, status = Problems.of(error), 422
    shown = render_template(
        "configuration/preview.html",
        templates=library.choices(call.session), template_id=template_id, number=number, device=device,
        problems=problems, **_shown(dry),
    )  # fmt: skip
    return shown, status


@page("/configuration/sites", permission=Permission.FLEET_READ)
def config_sites(call: Call) -> Answer:
    """Names that fit what is typed, for the fields that ask for a site: of its device, or where the field is `site`, of
    the site itself."""
    typed = next((value for name, value in request.args.items() if name in SITE_FIELDS), "")
    found = names.suggest(call.session, typed[:100])
    if "site" in request.args:
        found = [(site, device) for device, site in found]
    return render_template("configuration/_sites.html", found=found)


SITE_FIELDS = ("site", "device", "preview_device", "left_device", "right_device")


@page("/configuration/preview", methods=("POST",), permission=Permission.FLEET_READ)
def config_draft_preview(call: Call) -> Answer:
    """Of a device, with what is in the editor at this moment."""
    kind = "override" if request.form.get("kind") == "override" else "template"
    editor = editors.checked(editors.submitted(kind))
    device = request.form.get("preview_device", "")[:200]
    problems, dry = Problems(), None
    try:
        if editor.faults:
            raise InvalidError("what is entered cannot be used yet: see what is wrong at its fields")
        dry = _of_draft(call, editor, device)
    except InvalidError as error:
        problems = Problems.of(error)
    return render_template("configuration/_draft_preview.html", problems=problems, **_shown(dry))


def _of_draft(call: Call, editor: Editor, device: str) -> Dry:
    control_url, document = app_state().settings.public_url, editor.draft.document()
    own, group_id = row_number(request.form.get("device_id")), row_number(request.form.get("group_id"))
    if own is not None:
        return device_configuration.dry_now(
            call.session, own, template_id=row_number(request.form.get("template_id")), number=None,
            override=document, control_url=control_url, now=call.now,
        )  # fmt: skip
    device_id = names.by_name(call.session, device)
    if group_id is not None:
        return draft_preview.of_group(
            call.session, device_id, group_id, document, control_url=control_url, now=call.now
        )
    if editor.draft.kind == "override":
        raise InvalidError("nothing to show", [Fault("$.device", "say for what")])
    content = Content(document["body"], document["overlays"])
    return draft_preview.of_template(call.session, device_id, content, control_url=control_url, now=call.now)


def _shown(dry: Dry | None) -> dict[str, object]:
    """By path: the value as it may be shown, its layer, and what is wrong with it."""
    if dry is None:
        return {"dry": None}
    rendered = dry.rendered
    values = dict(_leaves(schema.with_defaults(rendered.shown), "$"))
    faults: dict[str, list[str]] = {}
    for fault in rendered.faults:
        faults.setdefault(_setting_of(fault.path, values), []).append(fault.message)
    changed = {change.path: change for change in dry.difference.changes}
    paths = sorted({*values, *faults}, key=lambda path: (path not in faults, path))
    rows = [
        {
            "path": path.removeprefix("$."),
            "value": shown_value(values[path]) if path in values else None,
            "origin": rendered.origins.get(path, ""),
            "faults": faults.get(path, []),
            "change": changed.get(path),
            "quiet": rendered.origins.get(path) == DEFAULT and path not in changed and path not in faults,
        }
        for path in paths
    ]
    return {"dry": dry, "rows": rows, "shown_value": shown_value, "layer_words": layer_words}


def _setting_of(path: str, values: dict[str, object]) -> str:
    """`$.api_keys` for `$.api_keys[0].name`."""
    return path if path in values else path.partition("[")[0]


def _leaves(value: dict[str, object], path: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, item in value.items():
        found += _leaves(item, f"{path}.{name}") if isinstance(item, dict) else [(f"{path}.{name}", item)]
    return found
