"""Asking a site everything a person would ask, and reading the answer as it comes."""

from __future__ import annotations

import re

from flask import flash, redirect, render_template, request, url_for

from control_ui.models import Device
from control_ui.services.devices import mailbox
from control_ui.services.permissions import Permission
from control_ui.services.runs import requests
from control_ui.services.runs.catalogue import catalogue
from control_ui.services.runs.requests import RunRequest
from control_ui.services.site import diagnosis
from control_ui.services.site.diagnosis import PLAYBOOK, Diagnosis
from control_ui.views.api.operation import LARGEST_ID, Call
from control_ui.views.pages.page import SEE_OTHER, Answer, done, page
from control_ui.views.pages.site.device import fetch, tab
from control_ui.views.state import app_state
from control_ui.work_queue import DISPATCH

LINES = "diagnose_journal_lines"
CHOICES = (40, 200, 500)
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


@page("/sites/<int:device_id>/diagnostics", permission=Permission.FLEET_READ)
def site_diagnostics(call: Call, device_id: int) -> Answer:
    """The last diagnosis, or the one of `run`; and the buttons for another."""
    device = fetch(call, device_id)
    runs = diagnosis.runs(call.session, device)
    wanted = request.args.get("run", "")
    chosen = int(wanted) if _NUMBER.fullmatch(wanted) else (runs[0].id if runs else None)
    return tab(
        "diagnostics",
        device,
        runs=runs,
        found=None if chosen is None else _diagnosis(call, device, chosen),
        actions=diagnosis.by_itself(call.session, device),
        playbook=catalogue.find(PLAYBOOK),
        choices=CHOICES,
    )


@page("/sites/<int:device_id>/diagnostics/<int:run_id>", permission=Permission.FLEET_READ)
def site_diagnosis(call: Call, device_id: int, run_id: int) -> Answer:
    """One diagnosis as far as it is, for the open page."""
    device = fetch(call, device_id)
    return render_template("site/_diagnosis.html", device=device, found=_diagnosis(call, device, run_id))


@page("/sites/<int:device_id>/diagnostics", methods=("POST",), permission=Permission.FLEET_OPERATE)
def site_diagnose(call: Call, device_id: int) -> Answer:
    """Ask it: over SSH, by a run; or by the Pi itself at its next check-in."""
    device = fetch(call, device_id)
    reason = request.form.get("reason", "")[:200]
    if request.form.get("via") == "agent":
        lifetime = mailbox.DEFAULT_LIFETIME_SECONDS
        mailbox.ask(call.session, call.actor, device, PLAYBOOK, reason, lifetime, call.now)
        return done(
            f"{device.name} is asked for its diagnosis at its next check-in.", "site_diagnostics", device_id=device.id
        )
    lines = request.form.get("lines", "")
    variables = {LINES: int(lines)} if _NUMBER.fullmatch(lines) else {}
    wanted = RunRequest(PLAYBOOK, {"device_ids": [device.id]}, variables, reason=reason)
    run = requests.request(call.session, call.actor, wanted, call.now)
    app_state().work.wake(DISPATCH)
    flash(f"Run {run.id} asks {device.name}.")
    return redirect(url_for("pages.site_diagnostics", device_id=device.id, run=run.id), SEE_OTHER)


def _diagnosis(call: Call, device: Device, run_id: int) -> Diagnosis:
    return diagnosis.of_run(call.session, app_state().redis, device, min(run_id, LARGEST_ID))
