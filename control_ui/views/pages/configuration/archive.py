"""Putting a template away, and taking it out again: a question first."""

from __future__ import annotations

from flask import render_template, request

from control_ui.services.configuration import templates as template_lines
from control_ui.services.errors import ConflictError, InvalidError, LostUpdateError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.configuration.editor import check_words, words
from control_ui.views.pages.configuration.numbers import row_number
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page


@page("/configuration/templates/<int:template_id>/archive", permission=Permission.CONFIG_WRITE)
def template_archive(call: Call, template_id: int) -> Answer:
    """The question."""
    return _asked(call, template_id, Problems(), 200)


@page("/configuration/templates/<int:template_id>/archive", methods=("POST",), permission=Permission.CONFIG_WRITE)
def template_archived(call: Call, template_id: int) -> Answer:
    """Do it: `archived` says which way."""
    given = words()
    archived = request.form.get("archived") == "1"
    try:
        faults = [fault for fault in check_words(given) if fault.path == "$.reason"]
        if faults:
            raise InvalidError("nothing was changed", faults)
        template = template_lines.archive(
            call.session, call.actor, template_id, row_number(request.form.get("row_version")) or 0,
            archived=archived, reason=given["reason"], now=call.now,
        )  # fmt: skip
    except (InvalidError, ConflictError, LostUpdateError) as error:
        call.session.rollback()
        return _asked(call, template_id, Problems.of(error), error.status)
    did = "is in the archive" if archived else "is out of the archive"
    return done(f"{template.name} {did}.", "template", template_id=template.id)


def _asked(call: Call, template_id: int, problems: Problems, status: int) -> Answer:
    template = template_lines.fetch(call.session, template_id)
    shown = render_template(
        "configuration/archive.html", template=template, problems=problems, reason=request.form.get("reason", "")
    )
    return shown, status
