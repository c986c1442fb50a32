"""A person's hand on a deployment: hold it, have it go on, end it, decide on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request

from control_ui.models import Deployment
from control_ui.models.runs import Decision
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.deployments import approve, control, same_changes, search
from control_ui.services.errors import NotFoundError, ServiceError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.deployments.listing import without_total
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.pages.runs.actions import reason
from control_ui.views.state import app_state
from control_ui.work_queue import ADVANCE_DEPLOYMENTS

Service = Callable[[ScopedSession, Actor, int, str, datetime], Deployment]


@dataclass(frozen=True)
class Hand:
    """One of the things that can be done, with its words."""

    service: Service
    question: str
    what: str
    button: str
    afterwards: str
    danger: bool = False


HANDS = {
    "pause": Hand(
        control.pause,
        "Pause",
        "No further wave begins. Sites that are being given the configuration go on and are judged, and too many"
        " failures still take it back.",
        "Pause",
        "paused",
    ),
    "resume": Hand(control.resume, "Go on with", "It goes on where it was: the next wave begins.", "Go on", "going on"),
    "cancel": Hand(
        control.cancel,
        "Cancel",
        "No further site is given it. Sites that have it keep it; to have the old configuration back, roll it back.",
        "Cancel the deployment",
        "canceled",
        danger=True,
    ),
}


@page("/deployments/<int:deployment_id>/<any(pause, resume, cancel):hand>", permission=Permission.CONFIG_WRITE)
def deployment_hand(call: Call, deployment_id: int, hand: str) -> Answer:
    """Asks first, and says on how many sites."""
    return _form(call, deployment_id, hand, Problems())


@page(
    "/deployments/<int:deployment_id>/<any(pause, resume, cancel):hand>",
    methods=("POST",),
    permission=Permission.CONFIG_WRITE,
)
def deployment_hand_now(call: Call, deployment_id: int, hand: str) -> Answer:
    try:
        made = HANDS[hand].service(call.session, call.actor, deployment_id, reason(), call.now)
    except NotFoundError:
        raise
    except ServiceError as error:
        return _form(call, deployment_id, hand, Problems.of(error)), error.status
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    message = f"Deployment {made.id} is {HANDS[hand].afterwards}."
    return done(message, "deployment", deployment_id=made.id)


@page("/deployments/<int:deployment_id>/decide", permission=Permission.CONFIG_WRITE)
def deployment_decide(call: Call, deployment_id: int) -> Answer:
    """What would change on which sites, and the two buttons."""
    return _decide_form(call, deployment_id, Problems())


@page("/deployments/<int:deployment_id>/decide", methods=("POST",), permission=Permission.CONFIG_WRITE)
def deployment_decide_now(call: Call, deployment_id: int) -> Answer:
    """Bound to the differences that were on the page."""
    decision = Decision.APPROVED if request.form.get("decision") == "approve" else Decision.REJECTED
    seen = request.form.get("diff_sha256", "")
    try:
        approve.decide(call.session, call.actor, deployment_id, decision, seen, reason("comment"), call.now)
    except NotFoundError:
        raise
    except ServiceError as error:
        call.session.rollback()
        return _decide_form(call, deployment_id, Problems.of(error)), error.status
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    return done(f"Deployment {deployment_id} is {decision}.", "deployment", deployment_id=deployment_id)


@page("/deployments/<int:deployment_id>/changes", permission=Permission.FLEET_READ)
def deployment_changes(call: Call, deployment_id: int) -> Answer:
    """What it changes on its sites: the same changes once, with the sites that have them."""
    found = rows.fetch(call.session, Deployment, deployment_id, "deployment")
    groups = same_changes.of_deployment(call.session, found)
    return render_template("deployments/changes.html", deployment=found, groups=groups)


def _form(call: Call, deployment_id: int, hand: str, problems: Problems) -> str:
    (seen,) = search.overviews(call.session, [rows.fetch(call.session, Deployment, deployment_id, "deployment")])
    return render_template(
        "deployments/hand.html",
        deployment=seen.deployment,
        counts=without_total(seen.counts),
        hand=HANDS[hand],
        name=hand,
        reason=reason(),
        problems=problems,
    )


def _decide_form(call: Call, deployment_id: int, problems: Problems) -> str:
    found = rows.fetch(call.session, Deployment, deployment_id, "deployment")
    (seen,) = search.overviews(call.session, [found])
    return render_template(
        "deployments/decide.html",
        deployment=found,
        seen=seen,
        groups=same_changes.of_deployment(call.session, found),
        own=found.requested_by_id == call.actor.user_id,
        comment=reason("comment"),
        problems=problems,
    )
