"""What a group or a single site lays over the templates, in the same editor."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from control_ui.models import Device, Group
from control_ui.services.configuration import device_configuration, group_configuration, library
from control_ui.services.devices import groups, names
from control_ui.services.errors import ConflictError, Fault, InvalidError, LostUpdateError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.configuration import draft as drafts
from control_ui.views.pages.configuration import editor as editors
from control_ui.views.pages.configuration.editor import Editor
from control_ui.views.pages.configuration.numbers import row_number
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import SEE_OTHER, Answer, done, page
from control_ui.views.state import app_state


@page("/configuration/overrides", permission=Permission.FLEET_READ)
def config_overrides(call: Call) -> Answer:
    """What lies over the templates."""
    return _listed(call, Problems(), 200)


@page("/configuration/overrides/site", permission=Permission.FLEET_READ)
def config_override_of(call: Call) -> Answer:
    """On to the override of the site that is named."""
    try:
        device_id = names.by_name(call.session, request.args.get("device", "")[:200])
    except InvalidError as error:
        return _listed(call, Problems.of(error), error.status)
    return redirect(url_for("pages.device_config", device_id=device_id), SEE_OTHER)


@page("/configuration/groups/<int:group_id>", permission=Permission.FLEET_READ)
def group_config(call: Call, group_id: int) -> Answer:
    """What the group lays over the templates of its sites."""
    group = group_configuration.fetch(call.session, group_id)
    return _group(call, group, _begin(group), {}, 200)


@page("/configuration/groups/<int:group_id>", methods=("POST",), permission=Permission.CONFIG_WRITE)
def group_config_save(call: Call, group_id: int) -> Answer:
    """Keep it. It reaches the sites with the next deployment."""
    editor, given = editors.submitted("override"), editors.words()
    group = group_configuration.fetch(call.session, group_id)
    if "switch" in request.form:
        return _group(call, group, editors.switched(editor, request.form["switch"]), given, 200)
    try:
        _refuse_faults(editor, given)
        saved = group_configuration.override(
            call.session, call.actor, group.id, editor.row_version, editor.draft.document(),
            reason=given["reason"].strip(), now=call.now,
        )  # fmt: skip
    except LostUpdateError as error:
        call.session.rollback()
        group = group_configuration.fetch(call.session, group.id)
        return _group(call, group, _overtaken(editor, group), given, error.status)
    except InvalidError as error:
        call.session.rollback()
        return _group(call, group, editors.refused(editor, error), given, error.status)
    return done(
        f"{saved.name} lays this over the templates from the next deployment on.", "group_config", group_id=saved.id
    )


@page("/configuration/devices/<int:device_id>", permission=Permission.FLEET_READ)
def device_config(call: Call, device_id: int) -> Answer:
    """A site's template, and what it alone lays over everything."""
    device = device_configuration.fetch(call.session, device_id)
    given = {"template_id": str(device.template_id or "")}
    return _device(call, device, _begin(device), given, 200)


@page("/configuration/devices/<int:device_id>", methods=("POST",), permission=Permission.CONFIG_WRITE)
def device_config_save(call: Call, device_id: int) -> Answer:
    """Keep it; with `deploy` the site gets it at once."""
    editor = editors.submitted("override")
    given = editors.words() | {name: request.form.get(name, "") for name in ("template_id", "deploy")}
    device = device_configuration.fetch(call.session, device_id)
    if "switch" in request.form:
        return _device(call, device, editors.switched(editor, request.form["switch"]), given, 200)
    try:
        _refuse_faults(editor, given)
        template_id = row_number(request.form.get("template_id"))
        values = {"template_id": template_id, "config_override": editor.draft.document()}
        dry = device_configuration.configure(
            call.session, call.actor, device.id, editor.row_version, values, deploy=bool(given["deploy"]),
            control_url=app_state().settings.public_url, reason=given["reason"].strip(), now=call.now,
        )  # fmt: skip
    except LostUpdateError as error:
        call.session.rollback()
        device = device_configuration.fetch(call.session, device.id)
        return _device(call, device, _overtaken(editor, device), given, error.status)
    except (InvalidError, ConflictError) as error:
        call.session.rollback()
        return _device(call, device, editors.refused(editor, _as_invalid(error, device)), given, error.status)
    return done(_what_became(dry), "device_config", device_id=device.id)


def _listed(call: Call, problems: Problems, status: int) -> Answer:
    found = groups.every(call.session)
    shown = render_template(
        "configuration/overrides.html",
        groups=found, sizes=groups.sizes(call.session, found), devices=library.overridden(call.session),
        problems=problems,
    )  # fmt: skip
    return shown, status


def _what_became(dry: device_configuration.Dry) -> str:
    name = dry.device.name
    if dry.version is not None:
        return f"{name} is to have configuration {dry.version.number}: it fetches it at its next check-in."
    return f"{name} lays this over its template from the next deployment on."


def _begin(row: Group | Device) -> Editor:
    return Editor.begin(drafts.of_document("override", row.config_override), row.row_version)


def _overtaken(editor: Editor, row: Group | Device) -> Editor:
    return editors.overtaken(editor, drafts.of_document("override", row.config_override), row.row_version)


def _refuse_faults(editor: Editor, given: dict[str, str]) -> None:
    faults = [*editor.faults, *editors.check_words({name: given.get(name, "") for name in editors.LONGEST_WORDS})]
    if faults:
        raise InvalidError(editor.summary or "nothing was saved", faults)


def _as_invalid(error: InvalidError | ConflictError, device: Device) -> InvalidError:
    """Faults of the whole configuration are told by the device's name: here they are at the fields."""
    if isinstance(error, ConflictError):
        return InvalidError(error.detail)
    return InvalidError(
        error.detail,
        [Fault(fault.path.replace(f"{device.name}:$.", "$.config_override."), fault.message) for fault in error.faults],
    )


def _group(call: Call, group: Group, editor: Editor, given: dict[str, str], status: int) -> Answer:
    size = groups.sizes(call.session, [group])[group.id]
    return _shown("configuration/group.html", editor, status, group=group, size=size, given=given)


def _device(call: Call, device: Device, editor: Editor, given: dict[str, str], status: int) -> Answer:
    return _shown(
        "configuration/device.html", editor, status, device=device, given=given,
        templates=library.choices(call.session),
    )  # fmt: skip


def _shown(page_template: str, editor: Editor, status: int, **values: Any) -> Answer:
    return editors.rendered(page_template, editor, status, **values)
