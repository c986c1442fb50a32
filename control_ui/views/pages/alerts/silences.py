"""Silences: begun, shown, and lifted."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import render_template, request

from control_ui.models import Silence, Site, Tenant
from control_ui.services import rows
from control_ui.services.alerts import silences as service
from control_ui.services.errors import InvalidError, ServiceError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page

HOURS = {
    "1": "1 hour",
    "4": "4 hours",
    "12": "12 hours",
    "24": "1 day",
    "72": "3 days",
    "168": "1 week",
    "720": "30 days",
}
DEFAULT_HOURS = "4"
MOST_SITES = 2000


@page("/alerts/silences", permission=Permission.FLEET_READ)
def silences(call: Call) -> Answer:
    """Those that last, then those that are over."""
    return render_template("alerts/silences.html", found=service.shown(call.session), now=call.now)


@page("/alerts/silences/new", permission=Permission.FLEET_OPERATE)
def silence_new(call: Call) -> Answer:
    """The form; what an alert's page knows of it is in it already."""
    if request.headers.get("HX-Target") == "silence-covers":
        return _covers(call, request.args.to_dict())
    return _form(call, request.args.to_dict(), Problems())


@page("/alerts/silences/new", methods=("POST",), permission=Permission.FLEET_OPERATE)
def silence_create(call: Call) -> Answer:
    """Silence from now on."""
    given = request.form.to_dict()
    try:
        silence = service.create(call.session, call.actor, _wanted(given), call.now)
    except InvalidError as error:
        return _form(call, given, Problems.of(error), error.status)
    return done(
        f"Silent until {silence.ends_at:%Y-%m-%d %H:%M} UTC: {service.words(silence.name, given.get('site', ''))}.",
        "silences",
    )


@page("/alerts/silences/<int:silence_id>/lift", permission=Permission.FLEET_OPERATE)
def silence_lift(call: Call, silence_id: int) -> Answer:
    """Asks, with the number of alerts that will count again."""
    rows.fetch(call.session, Silence, silence_id, "silence")
    return _ask(call, silence_id, Problems())


@page("/alerts/silences/<int:silence_id>/lift", methods=("POST",), permission=Permission.FLEET_OPERATE)
def silence_lifted(call: Call, silence_id: int) -> Answer:
    """End it before its time."""
    rows.fetch(call.session, Silence, silence_id, "silence")
    try:
        service.lift(call.session, call.actor, silence_id, call.now)
    except ServiceError as error:
        return _ask(call, silence_id, Problems.of(error), error.status)
    return done("The silence is lifted.", "silences")


def _ask(call: Call, silence_id: int, problems: Problems, status: int = 200) -> Answer:
    shown = service.shown(call.session, silence_id)[0]
    return render_template("alerts/lift.html", shown=shown, problems=problems), status


def _form(call: Call, given: dict[str, str], problems: Problems, status: int = 200) -> Answer:
    everyone = call.session.scope.tenant_id is None
    tenants = call.session.execute(sa.select(Tenant.slug, Tenant.name).order_by(Tenant.name)).all() if everyone else []
    sites = call.session.scalars(sa.select(Site.name).distinct().order_by(Site.name).limit(MOST_SITES)).all()
    shown = render_template(
        "alerts/silence.html",
        given=given,
        hours=HOURS,
        chosen_hours=given.get("hours") if given.get("hours") in HOURS else DEFAULT_HOURS,
        tenants=tenants,
        sites=sites,
        covers=_count(call, given),
        problems=problems,
    )
    return shown, status


def _covers(call: Call, given: dict[str, str]) -> Answer:
    return render_template("alerts/_covers.html", covers=_count(call, given), given=given)


def _count(call: Call, given: dict[str, str]) -> int | None:
    """None where what was given names nothing."""
    try:
        return service.covered(call.session, _wanted(given))
    except InvalidError:
        return None


def _wanted(given: dict[str, str]) -> service.Wanted:
    hours = given.get("hours", "")
    clean = {name: given.get(name, "").replace("\x00", "").strip() for name in ("name", "site", "tenant", "comment")}
    return service.Wanted(
        name=clean["name"][:100],
        site=clean["site"][:200],
        tenant=clean["tenant"],
        lasts=timedelta(hours=int(hours)) if hours in HOURS else timedelta(0),
        comment=clean["comment"][:2000],
    )
