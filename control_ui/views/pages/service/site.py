"""One site: day by day, and every gap with its reason."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import render_template

from control_ui.models import Site, Tenant
from control_ui.models.scope import Scope, open_session
from control_ui.services import rows
from control_ui.services.permissions import Permission
from control_ui.services.reports import dashboard, days, sla
from control_ui.services.reports.period import Period
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.service.listing import PERIODS, days_asked_for
from control_ui.views.state import app_state


@page("/service/sites/<int:site_id>", permission=Permission.FLEET_READ)
def service_site(call: Call, site_id: int) -> Answer:
    """Worked out anew from its samples: one site is quick."""
    site = rows.fetch(call.session, Site, site_id, "site")
    period = days_asked_for()
    call.session.commit()  # SQLite takes one session at a time
    with open_session(app_state().sessions, Scope(site.tenant_id)) as session:
        tenant = rows.fetch(session, Tenant, site.tenant_id, "tenant")
        since = days.today(tenant, call.now) - timedelta(days=period - 1)
        begin = datetime.combine(since, time(), ZoneInfo(tenant.timezone))
        within = Period(begin, call.now, ZoneInfo(tenant.timezone))
        report = sla.report(session, tenant, within, sla.Options(site=site.name), call.now)
        trend = dashboard.days_of(session, site_id, since)
    return render_template(
        "service/site.html",
        site=site,
        tenant=tenant,
        found=report.sites[0] if report.sites else None,
        samples_since=report.samples_since,
        begin=begin,
        trend_days=trend,
        days=period,
        periods=PERIODS,
        target=sla.TARGET_PERCENT,
    )
