"""Reports: asked for, made by a worker, downloaded by who asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request

from control_ui.services.errors import ConflictError, InvalidError
from control_ui.services.permissions import Permission
from control_ui.services.report_files import requests as service
from control_ui.services.reports import html_pages
from control_ui.services.runs.catalogue import catalogue
from control_ui.views import file_response
from control_ui.views.api.operation import Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.one_tenant import chosen, session_of
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.state import app_state

FIELDS = ("from", "to", "format", "site", "person", "playbook", "exclude_maintenance", "reason")
KINDS = (service.RUNS, service.SLA)
LONGEST_FIELD = 2000


@page("/audit/reports", permission=Permission.AUDIT_READ)
def audit_reports(call: Call) -> Answer:
    """The forms, and what was asked for."""
    if request.headers.get("HX-Target") == "report-files":
        return render_template("audit/_files.html", files=service.own(call.session, call.actor, KINDS), kind="reports")
    return form(call, "audit/reports.html", KINDS, request.args.to_dict(), Problems())


@page("/audit/reports", methods=("POST",), permission=Permission.AUDIT_READ)
def audit_report_ask(call: Call) -> Answer:
    """Have one made."""
    given = fields()
    kind = service.SLA if request.form.get("kind") == service.SLA else service.RUNS
    try:
        ask(call, kind, given)
    except (InvalidError, ConflictError) as error:
        shown = given | {"kind": kind}
        return form(call, "audit/reports.html", KINDS, shown, Problems.of(error)), error.status
    return done("The report is being made.", "audit_reports")


@page("/audit/reports/<int:file_id>", permission=Permission.AUDIT_READ)
def audit_report_file(call: Call, file_id: int) -> Answer:
    """The file itself: HTML is shown, the rest is downloaded. Only for who asked for it."""
    file, path = service.ready(call.session, call.actor, file_id, app_state().settings.reports_dir, call.now)
    content = path.open("rb")
    content.seek(0, 2)
    inline = file.media_type.startswith("text/html") and "download" not in request.args
    response = file_response.of_file(content, file_name=file.file_name, media_type=file.media_type, download=not inline)
    if inline:
        response.headers["Content-Security-Policy"] = html_pages.content_security_policy()
    return response


def fields() -> dict[str, str]:
    """What the form holds, as far as it says anything."""
    given = {name: request.form.get(name, "").replace("\x00", "").strip()[:LONGEST_FIELD] for name in FIELDS}
    return {name: value for name, value in given.items() if value} | {"from": given["from"], "to": given["to"]}


def ask(call: Call, kind: str, given: dict[str, str]) -> None:
    """Raises what the service raises."""
    with session_of(call, chosen(call).tenant) as session:
        service.ask(session, call.actor, kind, given, app_state().settings.signing_key_file, call.now)
    app_state().work.make_reports()


def form(
    call: Call, template: str, kinds: tuple[str, ...], given: dict[str, str], problems: Problems, **values: Any
) -> str:
    """The last full month is what reports are mostly about."""
    who = chosen(call)
    today = call.now.astimezone(ZoneInfo(who.tenant.timezone if who.tenant else "UTC")).date()
    month_end = today.replace(day=1) - timedelta(days=1)
    period = {"from": month_end.replace(day=1).isoformat(), "to": month_end.isoformat()}
    return render_template(
        template,
        given=period | given,
        today=today,
        who=who,
        files=service.own(call.session, call.actor, kinds),
        playbooks=[playbook.name for playbook in catalogue.all()],
        problems=problems,
        **values,
    )
