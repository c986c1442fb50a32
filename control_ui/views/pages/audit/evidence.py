"""Evidence packs: made, downloaded, and verified by whoever does not trust us."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request

from control_ui.services.errors import ConflictError, InvalidError, UnavailableError
from control_ui.services.evidence import keys
from control_ui.services.permissions import Permission
from control_ui.services.report_files import requests as service
from control_ui.views.api.operation import Call
from control_ui.views.pages.audit import reports
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.state import app_state

KINDS = (service.EVIDENCE,)
VERIFIER = "tools/verify_evidence.py"


@page("/audit/evidence", permission=Permission.AUDIT_READ)
def audit_evidence(call: Call) -> Answer:
    """The form, the packs, the public key, and how to verify."""
    if request.headers.get("HX-Target") == "report-files":
        return render_template("audit/_files.html", files=service.own(call.session, call.actor, KINDS), kind="evidence")
    return _form(call, {}, Problems())


@page("/audit/evidence", methods=("POST",), permission=Permission.AUDIT_READ)
def audit_evidence_ask(call: Call) -> Answer:
    """Have a pack made."""
    given = reports.fields()
    try:
        reports.ask(call, service.EVIDENCE, given)
    except (InvalidError, ConflictError, UnavailableError) as error:
        return _form(call, given, Problems.of(error)), error.status
    return done("The evidence pack is being made.", "audit_evidence")


@page("/audit/evidence/public.pem", permission=Permission.AUDIT_READ)
def audit_evidence_key(_call: Call) -> Answer:
    """The public key, as the verifier takes it."""
    pem = keys.public_pem(keys.load(app_state().settings.signing_key_file))
    return _download(pem, "public.pem", "application/x-pem-file")


@page("/audit/evidence/verify_evidence.py", permission=Permission.AUDIT_READ)
def audit_evidence_verifier(_call: Call) -> Answer:
    """The verifier: one file that needs nothing of ours."""
    return _download((app_state().settings.repository / VERIFIER).read_text(), "verify_evidence.py", "text/x-python")


def _form(call: Call, given: dict[str, str], problems: Problems) -> str:
    key: dict[str, Any] = {"fingerprint": "", "pem": "", "no_key": ""}
    try:
        found = keys.load(app_state().settings.signing_key_file)
        key |= {"fingerprint": keys.fingerprint(found), "pem": keys.public_pem(found)}
    except UnavailableError as error:
        key |= {"no_key": error.detail[:1].upper() + error.detail[1:]}
    return reports.form(call, "audit/evidence.html", KINDS, given, problems, **key)


def _download(text: str, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, content_type=media_type, headers=headers)
