"""Restarting a site's camera service, and holding a site."""

from __future__ import annotations

from flask import render_template, request

from control_ui.models import Device
from control_ui.services.devices import bulk, mailbox
from control_ui.services.devices.bulk import BulkChange
from control_ui.services.errors import ServiceError
from control_ui.services.permissions import Permission
from control_ui.services.runs import requests
from control_ui.services.runs.requests import RunRequest
from control_ui.views.api.operation import Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.pages.site.device import fetch
from control_ui.views.state import app_state
from control_ui.work_queue import DISPATCH

LONGEST_REASON = 2000
UNITS = ("carwash-stream", "carwash-snapshot", "carwash-agent")


@page("/sites/<int:device_id>/restart", permission=Permission.FLEET_OPERATE)
def site_restart(call: Call, device_id: int) -> Answer:
    """Ask first."""
    return _restart_form(fetch(call, device_id), Problems())


@page("/sites/<int:device_id>/restart", methods=("POST",), permission=Permission.FLEET_OPERATE)
def site_restart_now(call: Call, device_id: int) -> Answer:
    """By a run over SSH, or by the Pi itself at its next check-in."""
    device = fetch(call, device_id)
    reason = request.form.get("reason", "")[:LONGEST_REASON]
    try:
        if request.form.get("via") == "agent":
            lifetime = mailbox.DEFAULT_LIFETIME_SECONDS
            mailbox.ask(call.session, call.actor, device, "restart_units", reason, lifetime, call.now)
            return done(f"{device.name} is asked to restart at its next check-in.", "site", device_id=device.id)
        run = requests.request(call.session, call.actor, _restart(device, reason), call.now)
    except ServiceError as error:
        return _restart_form(device, Problems.of(error), error.status)
    app_state().work.wake(DISPATCH)
    return done(f"Run {run.id} restarts {device.name}.", "site_runs", device_id=device.id)


def _restart(device: Device, reason: str) -> RunRequest:
    chosen = [unit for unit in UNITS if unit in request.form.getlist("unit")]
    some = bool(chosen) and len(chosen) < len(UNITS)
    variables = {"restart_units": chosen} if some else {}
    return RunRequest("restart", {"device_ids": [device.id]}, variables, reason=reason)


def _restart_form(device: Device, problems: Problems, status: int = 200) -> Answer:
    shown = render_template(
        "site/restart.html", device=device, site=device.site, problems=problems, given=request.form, units=UNITS
    )
    return shown, status


@page("/sites/<int:device_id>/hold", permission=Permission.FLEET_OPERATE)
def site_hold(call: Call, device_id: int) -> Answer:
    """Ask first: to hold it, or to release it."""
    return _hold_form(fetch(call, device_id), Problems())


@page("/sites/<int:device_id>/hold", methods=("POST",), permission=Permission.FLEET_OPERATE)
def site_hold_now(call: Call, device_id: int) -> Answer:
    """With a reason it is held; released by the button that says so."""
    device = fetch(call, device_id)
    release = request.form.get("release") == "1"
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    if not release and not reason:
        words = "Say why it is held: whoever wants to change it will read it"
        return _hold_form(device, Problems("Something is missing.", {"reason": words}), 422)
    change = BulkChange(held_reason="" if release else reason)
    try:
        bulk.update(call.session, call.actor, [device], change, reason=reason, now=call.now)
    except ServiceError as error:
        return _hold_form(device, Problems.of(error), error.status)
    words = "is released: runs and deployments change it again" if release else "is held: nothing changes it"
    return done(f"{device.name} {words}.", "site", device_id=device.id)


def _hold_form(device: Device, problems: Problems, status: int = 200) -> Answer:
    shown = render_template("site/hold.html", device=device, site=device.site, problems=problems, given=request.form)
    return shown, status
