"""Reports of what was done, and of how well it served; and both, with the trail, as evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response

from control_ui.services.errors import Fault, InvalidError
from control_ui.services.permissions import Permission
from control_ui.services.reports import html_pages, make
from control_ui.services.reports.make import Form, Report
from control_ui.services.reports.run_history import Filters
from control_ui.services.reports.sla import Options
from control_ui.views import file_response
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.reports import RunReportQuery, SlaQuery

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
