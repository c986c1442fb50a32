"""Makes a report: the one way for the API, the commands and evidence packs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.reports import run_history, run_history_formats, sla, sla_formats, sla_sources
from control_ui.services.reports.head import Head, head, tenant_of, zone_of
from control_ui.services.reports.period import parse


class Form(StrEnum):
    CSV = "csv"
    JSON = "json"
    HTML = "html"


MEDIA_TYPES = {
    Form.CSV: "text/csv; charset=utf-8; header=present",
    Form.JSON: "application/json",
    Form.HTML: "text/html; charset=utf-8",
}


@dataclass(frozen=True)
class Report:
    """A file, to be written piece by piece. The session must stay open for as long."""

    file_name: str
    form: Form
    pieces: Iterator[str]

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.form]


def runs(
    session: ScopedSession,
    actor: Actor,
    start: str,
    end: str,
    form: Form,
    *,
    filters: run_history.Filters | None = None,
    now: datetime,
) -> Report:
    """The run history of the scope's tenant, or of all of them. Raises InvalidError."""
    wanted = filters or run_history.Filters()
    tenant = tenant_of(session)
    above = head(tenant, parse(start, end, zone_of(tenant)), actor, now, vars(wanted))
    run_history.check(session, wanted)
    found = run_history.rows(session, above.period, wanted)
    return Report(_file_name("run-history", above, form), form, _RUNS[form](above, found))


def sla_of_sites(
    session: ScopedSession,
    actor: Actor,
    start: str,
    end: str,
    form: Form,
    *,
    options: sla.Options | None = None,
    now: datetime,
) -> Report:
    """The SLA report of the scope's tenant. Raises InvalidError; also where the scope is all tenants."""
    wanted = options or sla.Options()
    tenant = rows.current_tenant(session)
    above = head(tenant, parse(start, end, zone_of(tenant)), actor, now, {"site": wanted.site})
    if wanted.site is not None and not sla_sources.places(session, wanted.site):
        fault = Fault("site", f"there is no site {wanted.site!r} with a device")
        raise InvalidError("the report cannot be made", [fault])
    found = sla.report(session, tenant, above.period, wanted, now)
    return Report(_file_name("sla", above, form), form, _SLA[form](above, found))


_RUNS = {
    Form.CSV: run_history_formats.as_csv,
    Form.JSON: run_history_formats.as_json,
    Form.HTML: run_history_formats.as_html,
}
_SLA = {Form.CSV: sla_formats.as_csv, Form.JSON: sla_formats.as_json, Form.HTML: sla_formats.as_html}


def _file_name(what: str, above: Head, form: Form) -> str:
    first, last = (above.period.local(moment) for moment in (above.period.start, above.period.end))
    return f"{what}-{above.tenant.replace(' ', '-')}-{first:%Y%m%dT%H%M}-{last:%Y%m%dT%H%M}.{form}"
