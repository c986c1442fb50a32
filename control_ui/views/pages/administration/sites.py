"""Sites: where they are, their time zone, and when they may be worked on."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from control_ui.models import Site
from control_ui.services import rows, timezones
from control_ui.services.devices import maintenance, sites
from control_ui.services.permissions import Permission
from control_ui.services.runs.windows import DAYS, next_opening
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.sites import SiteChangeIn, SiteIn
from control_ui.views.pages.administration.tabs import PER_PAGE, cursor, require_tenant, show, text
from control_ui.views.pages.administration.tenants import row_version
from control_ui.views.pages.administration.windows_form import WindowRow, rows_entered, rows_of, windows_entered
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.form import Problems, fields_of, handle
from control_ui.views.pages.page import Answer, done, page

ADVICE = {
    "name": "Enter a name: one line of 1 to 200 characters",
    "region": "Enter one word, such as west or north-east, or nothing",
    "latitude": "Enter degrees from -90 to 90, or nothing",
    "longitude": "Enter degrees from -180 to 180, or nothing",
    "timezone": "Enter the name of a time zone, such as America/Chicago",
    "maintenance_windows": "A window needs days, and from when to when, 15 minutes apart at least",
}
MANAGE = Permission.DEVICES_MANAGE


@page("/administration/sites", permission=Permission.FLEET_READ)
def sites_list(call: Call) -> Answer:
    """Every site, with its hours."""
    found = sites.find(
        call.session, text=text("q") or None, region=text("region") or None, limit=PER_PAGE, cursor=cursor()
    )
    return show(
        "sites",
        "sites_list",
        found=found,
        regions=sites.regions(call.session),
        counts=sites.device_counts(call.session, found.items),
        hours={site.id: maintenance.in_words(site.maintenance_windows) for site in found.items},
        next_at={site.id: next_opening(site.maintenance_windows, site.timezone, call.now) for site in found.items},
        now=call.now,
    )


@page("/administration/sites/new", methods=("GET", "POST"), permission=MANAGE)
def sites_new(call: Call) -> Answer:
    """Add a site."""
    require_tenant(call)

    def work(body: SiteIn) -> Answer:
        site = sites.create(call.session, call.actor, body.values(), reason=body.reason, now=call.now)
        return done(f"{site.name} is added. Next: add the device that stands there.", "sites_list", q=site.name)

    return handle(SiteIn, lambda problems: _form(problems, None), work, ADVICE, lambda: _given(SiteIn))


@page("/administration/sites/<int:site_id>/edit", methods=("GET", "POST"), permission=MANAGE)
def sites_edit(call: Call, site_id: int) -> Answer:
    """Change a site."""
    site = rows.fetch(call.session, Site, site_id, "site")

    def work(body: SiteChangeIn) -> Answer:
        rows.check_row_version(site, row_version(), "site")
        sites.change(call.session, call.actor, site, body.values(), reason=body.reason, now=call.now)
        return done(f"{site.name} is changed.", "sites_list", q=site.name)

    return handle(SiteChangeIn, lambda problems: _form(problems, site), work, ADVICE, lambda: _given(SiteChangeIn))


@page("/administration/sites/<int:site_id>/remove", methods=("GET", "POST"), permission=MANAGE)
def sites_remove(call: Call, site_id: int) -> Answer:
    """Delete a site at which no device stands."""
    site = rows.fetch(call.session, Site, site_id, "site")
    say = ("Only a site without devices can be removed. The audit trail keeps that it was there.",)

    def work(reason: str) -> Answer:
        sites.remove(call.session, call.actor, site, reason=reason, now=call.now)
        return done(f"{site.name} is removed.", "sites_list")

    return ask(Question(f"Remove {site.name}", say, "Remove", url_for("pages.sites_list"), danger=True), work)


@page("/administration/sites/hours", permission=MANAGE)
def sites_hours(call: Call) -> Answer:
    """What the hours that are being entered mean: part of the form."""
    windows, timezone = windows_entered(request.args), request.args.get("timezone", "")
    known = timezones.is_known(timezone)
    good = known and not maintenance.faults_of_windows(windows, "$")
    return render_template(
        "administration/_hours.html",
        words=maintenance.in_words(windows) if good else "",
        next_at=next_opening(windows, timezone, call.now) if good else None,
        timezone=timezone,
        known=known,
        now=call.now,
    )


def _form(problems: Problems, site: Site | None) -> str:
    windows: list[WindowRow] = rows_entered(request.form) if request.form else rows_of(site)
    return render_template(
        "administration/site_form.html",
        problems=problems,
        site=site,
        windows=windows,
        days=DAYS,
        zones=timezones.listed(),
    )


def _given(model: type[SiteChangeIn]) -> dict[str, Any]:
    return fields_of(model) | {"maintenance_windows": windows_entered(request.form)}
