"""The journal of a site's Pi as it is written, for as long as somebody watches."""

from __future__ import annotations

import redis
from flask import flash, redirect, render_template, request, url_for

from control_ui.services.errors import NotFoundError, UnavailableError
from control_ui.services.live_logs import watching
from control_ui.services.live_logs.keys import ENDED
from control_ui.services.live_logs.watching import Seen
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import SEE_OTHER, Answer, page
from control_ui.views.pages.site.device import fetch, tab
from control_ui.views.pages.site.lines import LINES
from control_ui.views.state import app_state

_MOST_DIGITS = 9


@page("/sites/<int:device_id>/logs/live", methods=("POST",), permission=Permission.FLEET_OPERATE)
def site_live_log_start(call: Call, device_id: int) -> Answer:
    """Have a worker follow the journal."""
    device = fetch(call, device_id)
    state = app_state()
    log_id = watching.start(call.session, state.redis, call.actor, device, call.now)
    try:
        state.work.follow_log(log_id)
    except redis.RedisError as error:
        raise UnavailableError("the work queue cannot be reached: try again in a moment") from error
    return redirect(url_for("pages.site_live_log", device_id=device.id, log_id=log_id), SEE_OTHER)


@page("/sites/<int:device_id>/logs/live/<log_id>", permission=Permission.FLEET_OPERATE)
def site_live_log(call: Call, device_id: int, log_id: str) -> Answer:
    """The lines so far; the page asks for the others."""
    device = fetch(call, device_id)
    try:
        seen = watching.read(app_state().redis, log_id, call.actor, device, 0, call.now)
    except NotFoundError:
        flash("That live log is over, and its lines are gone. Start it again.", "warn")
        return redirect(url_for("pages.site_logs", device_id=device.id), SEE_OTHER)
    return tab("live_log", device, seen=seen, log_id=log_id, **LINES)


@page("/sites/<int:device_id>/logs/live/<log_id>/lines", permission=Permission.FLEET_OPERATE)
def site_live_log_lines(call: Call, device_id: int, log_id: str) -> Answer:
    """The lines from `after` on, and how the log stands. Asking is what keeps it going."""
    device = fetch(call, device_id)
    after = _after()
    try:
        seen = watching.read(app_state().redis, log_id, call.actor, device, after, call.now)
    except (NotFoundError, UnavailableError) as error:
        seen = Seen(ENDED, error.detail, [], after, over=True, seconds=0)  # a page that polls is told once
    return render_template("site/_live_more.html", device=device, site=device.site, seen=seen, log_id=log_id, **LINES)


@page("/sites/<int:device_id>/logs/live/<log_id>/stop", methods=("POST",), permission=Permission.FLEET_OPERATE)
def site_live_log_stop(call: Call, device_id: int, log_id: str) -> Answer:
    """Enough seen."""
    device = fetch(call, device_id)
    watching.stop(app_state().redis, log_id, call.actor, device)
    flash("The live log is stopped.")
    return redirect(url_for("pages.site_logs", device_id=device.id), SEE_OTHER)


def _after() -> int:
    text = request.args.get("after", "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0
