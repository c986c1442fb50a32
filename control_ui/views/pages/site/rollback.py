"""Taking a site's configuration back: what it will do first, and then doing it."""

from __future__ import annotations

import re

from flask import render_template, request

from control_ui.models import Device
from control_ui.services.deployments import preview
from control_ui.services.deployments.preview import Foreseen
from control_ui.services.deployments.to_a_point import Point, roll_back_to
from control_ui.services.errors import InvalidError, ServiceError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.pages.site.actions import LONGEST_REASON
from control_ui.views.pages.site.device import fetch
from control_ui.views.state import app_state
from control_ui.work_queue import ADVANCE_DEPLOYMENTS

_POINT = re.compile(r"previous|(?P<kind>version|run):(?P<number>[1-9][0-9]{0,8})")


@page("/sites/<int:device_id>/rollback", permission=Permission.CONFIG_WRITE)
def site_rollback(call: Call, device_id: int) -> Answer:
    """What going back to `to` would do: `previous`, `version:7`, or `run:12` for what it ran before that run."""
    return _form(call, fetch(call, device_id), request.args.get("to", "previous"), Problems())


@page("/sites/<int:device_id>/rollback", methods=("POST",), permission=Permission.CONFIG_WRITE)
def site_rollback_now(call: Call, device_id: int) -> Answer:
    """Make the deployment that takes it back."""
    device = fetch(call, device_id)
    to = request.form.get("to", "")
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    if not reason:
        return _form(call, device, to, Problems("Something is missing.", {"reason": "Say why, in a few words"}), 422)
    try:
        made = roll_back_to(call.session, call.actor, _target(device), _point(to), reason, call.now)
    except ServiceError as error:
        call.session.rollback()
        return _form(call, device, to, Problems.of(error), error.status)
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    waits = made.state == "proposed"
    words = "waits for the approval of a second person" if waits else f"takes {device.name} back"
    return done(f"Deployment {made.id} {words}.", "site", device_id=device.id)


def _form(call: Call, device: Device, to: str, problems: Problems, status: int = 200) -> Answer:
    foreseen: Foreseen | None = None
    try:
        (foreseen,) = preview.of_target(call.session, _target(device), _point(to))
    except InvalidError as error:
        problems = problems if problems.summary else Problems.of(error)
    shown = render_template(
        "site/rollback.html",
        device=device,
        site=device.site,
        to=to,
        point=_words(to),
        foreseen=foreseen,
        problems=problems,
        given=request.form,
    )
    return shown, status


def _target(device: Device) -> dict[str, list[int]]:
    return {"device_ids": [device.id]}


def _point(to: str) -> Point:
    """Raises InvalidError."""
    found = _POINT.fullmatch(to)
    if found is None:
        raise InvalidError("say where to go back to: to what it ran before, to a version, or to before a run")
    if found["kind"] is None:
        return Point(previous=True)
    number = int(found["number"])
    return Point(version=number) if found["kind"] == "version" else Point(run_id=number)


def _words(to: str) -> str:
    """Where that is."""
    kind, _, number = to.partition(":")
    named = {"version": f"configuration {number}", "run": f"what it ran before run {number}"}
    return named.get(kind, "what it ran before")
