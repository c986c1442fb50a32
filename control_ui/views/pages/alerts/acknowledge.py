"""Acknowledging alerts: one, or all that were chosen."""

from __future__ import annotations

from collections.abc import Iterable

from flask import render_template, request

from control_ui.services.alerts import listing
from control_ui.services.alerts.acknowledge import acknowledge
from control_ui.services.errors import NotFoundError, ServiceError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.alerts import MOST_ACKNOWLEDGED
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page

LONGEST_COMMENT = 2000
LARGEST_ID = 2**63 - 1


@page("/alerts/acknowledge", permission=Permission.FLEET_OPERATE)
def alert_acknowledge(call: Call) -> Answer:
    """Asks for a comment, and says on which alerts and sites it will stand."""
    return _ask(call, _ids(request.args.getlist("id")), "", Problems())


@page("/alerts/acknowledge", methods=("POST",), permission=Permission.FLEET_OPERATE)
def alert_acknowledged(call: Call) -> Answer:
    """All of those that are in the form, or none."""
    ids, comment = _ids(request.form.getlist("id")), request.form.get("comment", "").replace("\x00", "").strip()
    if not ids:
        return _ask(call, ids, comment, Problems("No alert is chosen."), 422)
    if len(comment) > LONGEST_COMMENT:
        words = {"comment": f"It has at most {LONGEST_COMMENT} characters"}
        return _ask(call, ids, comment, Problems("The comment is too long.", words), 422)
    try:
        alerts = acknowledge(call.session, call.actor, ids, comment=comment, now=call.now)
    except NotFoundError:
        raise
    except ServiceError as error:
        return _ask(call, ids, comment, Problems.of(error), error.status)
    count = len(alerts)
    if count == 1:
        return done("The alert is acknowledged.", "alert", alert_id=alerts[0].id)
    return done(f"{count} alerts are acknowledged.", "alerts")


def _ask(call: Call, ids: list[int], comment: str, problems: Problems, status: int = 200) -> Answer:
    """Those that somebody has acknowledged already are left out, and told."""
    rows = listing.some(call.session, ids, call.now)
    if ids and not rows:
        raise NotFoundError("there are no such alerts")
    chosen = [row for row in rows if row.alert.acknowledged_at is None]
    shown = render_template(
        "alerts/acknowledge.html",
        rows=chosen,
        left_out=len(rows) - len(chosen),
        sites=len({row.site for row in chosen if row.site}),
        comment=comment,
        problems=problems,
    )
    return shown, status


def _ids(given: Iterable[str]) -> list[int]:
    numbers = {int(text) for text in given if text.isdecimal() and len(text) < 20}
    return sorted(number for number in numbers if number <= LARGEST_ID)[:MOST_ACKNOWLEDGED]
