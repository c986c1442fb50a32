"""Alerts: those that fire and those that are over, narrowed by what the address says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for

from control_ui.models import Tenant
from control_ui.models.alerts import AlertState
from control_ui.services.alertmanager.standing import standing
from control_ui.services.alerts import listing as service
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page

PERIODS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30), "all": None}
STATES = ("firing", "resolved", "all")
KNOWN = ("open", "acknowledged", "silenced")
LONGEST_TEXT = 100
LARGEST_PAGE = 100_000


@dataclass(frozen=True)
class Address:
    """What the address asks for. What makes no sense in it is as if it were not there."""

    state: str
    severity: str
    known: str
    q: str
    tenant: str
    period: str
    page: int

    @classmethod
    def read(cls) -> Address:
        given = request.args
        page_number = given.get("page", "")
        return cls(
            state=_one_of(STATES, given.get("state", "")),
            severity=given.get("severity", "").replace("\x00", "")[:24],
            known=_one_of(("", *KNOWN), given.get("known", "")),
            q=given.get("q", "").replace("\x00", "").strip()[:LONGEST_TEXT],
            tenant=given.get("tenant", "").replace("\x00", "")[:63],
            period=_one_of(("7d", *PERIODS), given.get("period", "")),
            page=min(int(page_number), LARGEST_PAGE) if page_number.isdecimal() and len(page_number) < 10 else 1,
        )

    def filters(self, now: datetime) -> service.Filters:
        period = PERIODS[self.period]
        return service.Filters(
            state=None if self.state == "all" else AlertState(self.state),
            severity=self.severity or None,
            acknowledged={"open": False, "acknowledged": True}.get(self.known),
            silenced={"silenced": True, "open": False}.get(self.known),
            text=self.q or None,
            tenant=self.tenant or None,
            since=None if self.state == "firing" or period is None else now - period,
        )

    def with_(self, **changes: Any) -> str:
        """The address of the same list, narrowed otherwise; on its first page unless told otherwise."""
        values = vars(self) | {"page": 1} | changes
        plain = {"state": STATES[0], "period": "7d", "page": 1}
        return url_for(
            "pages.alerts", **{name: value for name, value in values.items() if value != plain.get(name, "")}
        )


@page("/alerts", permission=Permission.FLEET_READ)
def alerts(call: Call) -> Answer:
    """The list; only its changing part where the page polls for it."""
    address = Address.read()
    filters = address.filters(call.now)
    values = {
        "address": address,
        "found": service.listing(call.session, filters, address.page, call.now),
        "counts": service.counts(call.session, filters, call.now),
        "alertmanager": standing(call.session, call.now),
        "now": call.now,
    }
    if request.headers.get("HX-Target") == "alert-list":
        return render_template("alerts/_list.html", **values)
    everyone = call.session.scope.tenant_id is None
    tenants = call.session.execute(sa.select(Tenant.slug, Tenant.name).order_by(Tenant.name)).all() if everyone else []
    return render_template("alerts/listing.html", periods=PERIODS, tenants=tenants, **values)


@page("/alerts/count", permission=Permission.FLEET_READ)
def alert_count(call: Call) -> Answer:
    """What stands in the side bar: how many alerts wait for somebody."""
    return render_template("alerts/_count.html", waiting=service.waiting(call.session, call.now))


def _one_of(known: Any, given: str) -> str:
    """`given`, if it is known, and else the first of them."""
    names = list(known)
    return given if given in names else names[0]
