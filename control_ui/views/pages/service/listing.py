"""How well sites were served: figures, trends, and the worst sites first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from flask import render_template, request

from control_ui.models import Tenant
from control_ui.services.permissions import Permission
from control_ui.services.reports import csv_text, dashboard, days
from control_ui.services.reports.sla import TARGET_PERCENT
from control_ui.views import file_response, response_times
from control_ui.views.api.operation import Call
from control_ui.views.pages.one_tenant import chosen, session_of
from control_ui.views.pages.page import Answer, page, see_other

PERIODS = (7, 30, 90)
DEFAULT_DAYS = 30
MOST_SITES = 50
COLUMNS = (
    "site", "city", "availability_percent", "reachability_percent", "freshness_percent", "target_percent",
    "target_met", "not_available_seconds", "gaps", "pictures", "mean_picture_age_seconds", "oldest_picture_seconds",
)  # fmt: skip


@page("/service", permission=Permission.FLEET_READ)
def service(call: Call) -> Answer:
    """One tenant's dashboard; for the platform, first all tenants."""
    who, period = chosen(call), days_asked_for()
    if who.tenant is None:
        since = call.now.date() - timedelta(days=period - 1)
        found = dashboard.of_tenants(call.session, since)
        return render_template("service/tenants.html", found=found, days=period, periods=PERIODS, who=who)
    with session_of(call, who.tenant) as session:
        board = dashboard.dashboard(session, _since(call, who.tenant, period))
    return render_template(
        "service/dashboard.html",
        board=board,
        days=period,
        periods=PERIODS,
        who=who,
        target=TARGET_PERCENT,
        shown=board.sites if "all" in request.args else board.sites[:MOST_SITES],
        times=response_times.of_api(),
    )


@page("/service/sites.csv", permission=Permission.FLEET_READ)
def service_csv(call: Call) -> Answer:
    """Every site of the dashboard, for a spreadsheet."""
    who, period = chosen(call), days_asked_for()
    if who.tenant is None:
        return see_other("service")
    since = _since(call, who.tenant, period)
    with session_of(call, who.tenant) as session:
        board = dashboard.dashboard(session, since)
    name = f"service-{who.tenant.slug}-{since}-{days.today(who.tenant, call.now)}.csv"
    return file_response.of_pieces(
        csv_text.lines(COLUMNS, _lines(board.sites)),
        file_name=name,
        media_type="text/csv; charset=utf-8",
        download=True,
    )


def days_asked_for() -> int:
    given = request.args.get("days", "")
    return int(given) if given in map(str, PERIODS) else DEFAULT_DAYS


def _since(call: Call, tenant: Tenant, period: int) -> date:
    return days.today(tenant, call.now) - timedelta(days=period - 1)


def _lines(sites: Iterable[dashboard.SiteFigures]) -> Iterable[list[object]]:
    for row in sites:
        one = row.figures
        mean = one.mean_age_seconds
        yield [
            row.site, row.city, one.available_percent, one.reachable_percent, one.fresh_percent, TARGET_PERCENT,
            one.kept, round(one.missing_seconds), one.gaps, one.pictures, None if mean is None else round(mean, 1),
            round(one.oldest_picture_seconds, 1),
        ]  # fmt: skip
