"""Reports of what was done, and of how well it served; and both, with the trail, as evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response

from control_ui.services.errors import Fault, InvalidError
from control_ui.services.evidence import export
from control_ui.services.permissions import Permission
from control_ui.services.reports import html_pages, make
from control_ui.services.reports.make import Form, Report
from control_ui.services.reports.run_history import Filters
from control_ui.services.reports.sla import Options
from control_ui.services.runs.revision import revision
from control_ui.views import file_response
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.reports import EvidenceIn, RunReportQuery, SlaQuery
from control_ui.views.state import app_state

api = Api("reports", "reports")
MEDIA_TYPES = ("text/csv", "application/json", "text/html")


@api.get("/reports/runs", permission=Permission.AUDIT_READ, query=RunReportQuery, media_types=MEDIA_TYPES)
def runs(call: Call, query: RunReportQuery) -> Response:
    """Report the run history of a period.

    A row for each host of each run that started in the period: who asked, who approved, what changed, where, with what
    result, how long it took, what the host ran before, and what rolled it back later. HTML can be printed."""
    filters = Filters(query.site, query.device, query.person, query.playbook)
    with _faults_in("query."):
        report = make.runs(
            call.session, call.actor, query.begin, query.end, query.format, filters=filters, now=call.now
        )
    return _response(report)


@api.get("/reports/sla", permission=Permission.AUDIT_READ, query=SlaQuery, media_types=MEDIA_TYPES)
def sla(call: Call, query: SlaQuery) -> Response:
    """Report the availability of a tenant's sites in a period, with every gap.

    A site is available while its Pi checks in and its picture is known to be fresh; both numbers are given."""
    options = Options(query.target_percent, query.exclude_maintenance, query.site)
    with _faults_in("query."):
        report = make.sla_of_sites(
            call.session, call.actor, query.begin, query.end, query.format, options=options, now=call.now
        )
    return _response(report)


@api.post("/reports/evidence", permission=Permission.AUDIT_READ, body=EvidenceIn, media_types=("application/zip",))
def evidence(call: Call, body: EvidenceIn) -> Response:
    """Make an evidence pack of a tenant's period.

    One ZIP file with the period's reports, audit entries, deployments, approvals and configurations, the hash of each
    file, and a signature. `tools/verify_evidence.py` verifies it with nothing but the file and the public key. Making
    it is recorded in the audit trail. 503 where there is no key to sign with."""
    settings = app_state().settings
    wanted = export.Wanted(body.begin, body.end, body.reason, revision(settings.repository))
    with file_response.temporary() as file, _faults_in("$."):
        pack = export.export(call.session, call.actor, wanted, settings.signing_key_file, file, call.now)
        return file_response.of_file(file, file_name=pack.file_name, media_type="application/zip")


@contextmanager
def _faults_in(where: str) -> Iterator[None]:
    """Say of what the service found wrong where in the request it stands."""
    try:
        yield
    except InvalidError as error:
        faults = [Fault(f"{where}{fault.path}", fault.message) for fault in error.faults]
        raise InvalidError(error.detail, faults) from error


def _response(report: Report) -> Response:
    response = file_response.of_pieces(
        report.pieces, file_name=report.file_name, media_type=report.media_type, download=report.form != Form.HTML
    )
    if report.form == Form.HTML:
        response.headers["Content-Security-Policy"] = html_pages.content_security_policy()
    return response
