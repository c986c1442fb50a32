"""Self-healing: how it stands, what it does, its rules, and its switch."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from control_ui.models.healing import RuleAction, Then
from control_ui.services.devices.reasons import duration
from control_ui.services.healing import listing, patterns, rule_table, switch
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.healing import RuleIn
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.form import Problems, handle
from control_ui.views.pages.page import Answer, done, page


@page("/alerts/healing", permission=Permission.FLEET_READ)
def healing(call: Call) -> Answer:
    """The page; only its changing part where the page polls for it."""
    values: dict[str, Any] = {
        "state": listing.state(call.session),
        "recent": listing.recent(call.session),
        "wrong": listing.open_cases(call.session),
        "worse": patterns.worsening(call.session),
        "kinds": patterns.KINDS,
        "now": call.now,
    }
    if request.headers.get("HX-Target") == "healing":
        return render_template("alerts/_healing.html", **values)
    rules = rule_table.shown(call.session)
    values |= {"rules": rules, "duration": duration}
    values |= {"may_edit": _may(call, Permission.CONFIG_WRITE), "may_switch": _may(call, Permission.FLEET_OPERATE)}
    return render_template("alerts/healing.html", **values)


@page("/alerts/healing/<any(pause, resume):what>", methods=("GET", "POST"), permission=Permission.FLEET_OPERATE)
def healing_switch(call: Call, what: str) -> Answer:
    """Stop it, or let it go on."""
    whose = "for every tenant" if call.session.scope.tenant_id is None else "for your sites"
    say = {
        "pause": f"No further attempt begins {whose}. What is under way ends. Alerts and incidents go on.",
        "resume": f"Attempts that are due begin again {whose}, within a few seconds, as many as the brake allows.",
    }

    def work(reason: str) -> Answer:
        (switch.pause if what == "pause" else switch.resume)(call.session, call.actor, reason, call.now)
        return done(f"Self-healing is {what}d.", "healing")

    question = Question(f"{what.capitalize()} self-healing", (say[what],), what.capitalize(), url_for("pages.healing"))
    return ask(question, work)


@page("/alerts/healing/rules/<condition>/<int:step>", methods=("GET", "POST"), permission=Permission.CONFIG_WRITE)
def healing_rule(call: Call, condition: str, step: int) -> Answer:
    """Change a rule, and say why."""
    shown = rule_table.one(call.session, condition, step)

    def show(problems: Problems) -> str:
        given = request.form if request.method == "POST" else vars(shown.rule)
        return render_template(
            "alerts/healing_rule.html", shown=shown, given=given, problems=problems, bounds=rule_table.BOUNDS,
            actions=[word.value for word in RuleAction], thens=[word.value for word in Then],
            whole=call.session.scope.tenant_id is None,
        )  # fmt: skip

    def work(body: RuleIn) -> Answer:
        rule_table.change(
            call.session, call.actor, body.rule(condition, step),
            row_version=request.form.get("row_version", 0, type=int), reason=body.reason, now=call.now,
        )  # fmt: skip
        return done(f"The rule “{shown.title}”, step {step}, is changed.", "healing")

    return handle(RuleIn, show, work)


@page("/alerts/healing/rules/<condition>/<int:step>/reset", methods=("GET", "POST"), permission=Permission.CONFIG_WRITE)
def healing_rule_reset(call: Call, condition: str, step: int) -> Answer:
    """Have the platform's rule again."""
    shown = rule_table.one(call.session, condition, step)

    def work(reason: str) -> Answer:
        key, version = (condition, step), shown.row_version
        rule_table.reset(call.session, call.actor, key, row_version=version, reason=reason, now=call.now)
        return done(f"“{shown.title}”, step {step}, is the platform's rule again.", "healing")

    say = ("Your own rule goes, and the platform's is in force again, from the next round on.",)
    return ask(Question(f"{shown.title}, step {step}", say, "Use the platform's", url_for("pages.healing")), work)


def _may(call: Call, permission: Permission) -> bool:
    """What is the platform's needs more."""
    whole = {Permission.PLATFORM_MANAGE} if call.session.scope.tenant_id is None else set()
    return {permission} | whole <= call.actor.permissions
