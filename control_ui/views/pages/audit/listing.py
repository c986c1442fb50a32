"""The audit trail, searched."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import g, render_template, request, url_for

from control_ui.services.audit import search
from control_ui.services.errors import InvalidError
from control_ui.services.permissions import Permission
from control_ui.services.reports.period import parse
from control_ui.views.api.operation import Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, page

PER_PAGE = 50
NAMES = ("text", "actor", "action", "subject", "outcome", "since", "until")
LONGEST_TEXT = 100
KINDS = (
    "alert", "api_token", "deployment", "device", "devices", "evidence", "evidence key", "group", "healing_rule",
    "incident", "run", "schedule", "silence", "site", "summary", "template", "tenant", "user",
)  # fmt: skip
"""What entries are about, to choose from; the trail of years is not searched for them."""


@page("/audit", permission=Permission.AUDIT_READ)
def audit(call: Call) -> Answer:
    """Entries, the newest first, as the address narrows them."""
    given = {name: request.args.get(name, "").replace("\x00", "").strip()[:LONGEST_TEXT] for name in NAMES}
    problems, found = Problems(), None
    try:
        filters = _filters(given)
        found = search.search(call.session, filters, limit=PER_PAGE, cursor=request.args.get("cursor") or None)
    except InvalidError as error:
        problems = Problems.of(error)
    shown = render_template(
        "audit/listing.html",
        given=given,
        narrowed=any(given.values()),
        found=found,
        kinds=KINDS,
        problems=problems,
        older=found and found.next and url_for("pages.audit", cursor=found.next, **_said(given)),
        newest="cursor" in request.args and url_for("pages.audit", **_said(given)),
    )
    return shown, 422 if problems.summary else 200


def _said(given: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value}


def _filters(given: dict[str, str]) -> search.Filters:
    """Days are those of who looks. Raises InvalidError."""
    since, until = given["since"], given["until"]
    begin = end = None
    viewer = ZoneInfo(g.person.timezone)
    if since:
        begin = parse(since, since, viewer).start
    if until:
        end = parse(until, until, viewer).end
    return search.Filters(
        actor=given["actor"] or None,
        action=given["action"] or None,
        subject=given["subject"] or None,
        outcome=given["outcome"] if given["outcome"] in ("ok", "refused") else None,
        since=begin,
        until=end,
        text=given["text"] or None,
    )
