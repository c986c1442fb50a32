"""New templates, and new versions of those there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from flask import request

from control_ui.models import ConfigTemplate, TemplateVersion, Tenant
from control_ui.models.scope import Scope, ScopedSession, open_session
from control_ui.services.configuration import library
from control_ui.services.configuration import templates as template_lines
from control_ui.services.configuration.templates import Content
from control_ui.services.errors import ConflictError, Fault, InvalidError, LostUpdateError, ServiceError
from control_ui.services.pages import MOST_PER_PAGE
from control_ui.services.people import tenants
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.configuration import draft as drafts
from control_ui.views.pages.configuration import editor as editors
from control_ui.views.pages.configuration.editor import Editor
from control_ui.views.pages.configuration.numbers import row_number
from control_ui.views.pages.configuration.template import draft_of
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.state import app_state

START = {"body": {"rtsp_url": "{{ camera.url }}"}}
"""What a new template begins with: the camera's address as the device has it."""


@page("/configuration/templates/new", permission=Permission.CONFIG_WRITE)
def template_new(call: Call) -> Answer:
    """A form with nothing but the camera's address, or with what another template says (`copy_of`)."""
    copied = row_number(request.args.get("copy_of"))
    if copied is None:
        return _new(call, Editor.begin(drafts.of_document("template", START)), {}, 200)
    source = template_lines.fetch(call.session, copied)
    version = template_lines.version_of(call.session, source, row_number(request.args.get("number")))
    given = {
        "name": f"{source.name[:93]} (copy)",
        "description": source.description,
        "note": f"Copied from {source.name}, version {version.number}",
    }
    return _new(call, Editor.begin(draft_of(version)), given, 200)


@page("/configuration/templates/new", methods=("POST",), permission=Permission.CONFIG_WRITE)
def template_create(call: Call) -> Answer:
    """Make it, with its first version."""
    editor, given = editors.submitted("template"), editors.words()
    if "switch" in request.form:
        return _new(call, editors.switched(editor, request.form["switch"]), given, 200)
    try:
        content = _content(editor, given, "name")
        with _tenant_of(call) as session:
            version = template_lines.create(
                session, call.actor, given["name"].strip(), given["description"].strip(), content,
                reason=given["reason"], now=call.now,
            )  # fmt: skip
    except ServiceError as error:
        call.session.rollback()
        return _new(call, _with_faults(editor, error), given, error.status)
    return done(
        f"{version.template.name} is made. Deploy it to the sites that are to have it.",
        "template", template_id=version.template.id,
    )  # fmt: skip


@page("/configuration/templates/<int:template_id>/edit", permission=Permission.CONFIG_WRITE)
def template_edit(call: Call, template_id: int) -> Answer:
    """The latest version in a form; or an older one (`number`), to begin with that."""
    template = template_lines.fetch(call.session, template_id)
    latest = template_lines.version_of(call.session, template)
    version = template_lines.version_of(call.session, template, row_number(request.args.get("number")))
    editor = replace(Editor.begin(draft_of(version), template.row_version), base=draft_of(latest).document())
    given = {"name": template.name, "description": template.description}
    if version.number != latest.number:
        given["note"] = f"As version {version.number} was"
    return _edit(template, editor, given, 200)


@page("/configuration/templates/<int:template_id>/edit", methods=("POST",), permission=Permission.CONFIG_WRITE)
def template_save(call: Call, template_id: int) -> Answer:
    """Make the next version, unless somebody else has made one meanwhile: then both are shown."""
    editor, given = editors.submitted("template"), editors.words()
    template = template_lines.fetch(call.session, template_id)
    if "switch" in request.form:
        return _edit(template, editors.switched(editor, request.form["switch"]), given, 200)
    before = template.latest_number
    try:
        content = _content(editor, given, "name")
        version = template_lines.update(
            call.session, call.actor, template.id, editor.row_version, content,
            words={name: given[name].strip() for name in ("name", "description")}, reason=given["reason"], now=call.now,
        )  # fmt: skip
    except LostUpdateError:
        call.session.rollback()
        return _overtaken(call, template.id, editor, given)
    except ServiceError as error:
        call.session.rollback()
        return _edit(template, _with_faults(editor, error), given, error.status)
    return done(_what_became(version, before), "template", template_id=version.template.id)


@contextmanager
def _tenant_of(call: Call) -> Iterator[ScopedSession]:
    """A session of the tenant that the template is for: a platform administrator says which (`tenant_id`)."""
    if call.session.scope.tenant_id is not None:
        yield call.session
        return
    tenant_id = row_number(request.form.get("tenant_id"))
    if tenant_id not in {tenant.id for tenant in _tenants(call)}:
        raise InvalidError("a template belongs to one tenant", [Fault("$.tenant_id", "say which tenant")])
    call.session.rollback()  # SQLite has one transaction at a time
    with open_session(app_state().sessions, Scope(tenant_id)) as session:
        yield session


def _tenants(call: Call) -> Sequence[Tenant]:
    """Those to choose from, for who belongs to none."""
    if call.session.scope.tenant_id is not None:
        return []
    return tenants.listed(call.session, limit=MOST_PER_PAGE, cursor=None).items


def _what_became(version: TemplateVersion, before: int) -> str:
    name = version.template.name
    if version.number == before:
        return f"{name} says what version {before} says already: no new version was needed."
    return f"Version {version.number} of {name} is saved. No site has it yet: deploy it."


def _content(editor: Editor, given: dict[str, str], *wanted: str) -> Content:
    """Raises InvalidError with every fault, those of the words included."""
    faults = [*editor.faults, *editors.check_words(given, *wanted)]
    if faults:
        raise InvalidError(editor.summary or "nothing was saved", [*faults, *editors.faults_of(editor.draft)])
    document = editor.draft.document()
    return Content(document["body"], document["overlays"], given["note"].strip())


def _with_faults(editor: Editor, error: ServiceError) -> Editor:
    if isinstance(error, InvalidError):
        return editors.refused(editor, error)
    taken = isinstance(error, ConflictError) and "already" in error.detail
    faults = [Fault("$.name", "is taken")] if taken else []
    return editors.refused(editor, InvalidError(error.detail, faults))


def _overtaken(call: Call, template_id: int, editor: Editor, given: dict[str, str]) -> Answer:
    template = template_lines.fetch(call.session, template_id)
    version = template_lines.version_of(call.session, template)
    author = library.authors(call.session, [version])[version.id]
    merged = editors.overtaken(editor, draft_of(version), template.row_version)
    return _edit(template, merged, given, 412, newer=version, author=author)


def _new(call: Call, editor: Editor, given: dict[str, str], status: int) -> Answer:
    return editors.rendered(
        "configuration/new.html",
        editor,
        status,
        given=given,
        templates=library.choices(call.session),
        tenants=_tenants(call),
        tenant_id=request.form.get("tenant_id", ""),
    )


def _edit(template: ConfigTemplate, editor: Editor, given: dict[str, str], status: int, **more: object) -> Answer:
    return editors.rendered("configuration/edit.html", editor, status, template=template, given=given, **more)
