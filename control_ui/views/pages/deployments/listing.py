"""What was deployed and taken back, and what is under way now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import make_response, render_template, request

from control_ui.models.deployments import FINAL_DEPLOYMENT_STATES, DeploymentState
from control_ui.services.configuration import templates
from control_ui.services.deployments import search
from control_ui.services.deployments.search import Filters, Overview
from control_ui.services.devices import target_words
from control_ui.services.pages import MOST_PER_PAGE
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.runs import tenancy
from control_ui.views.pages.runs.asked import Asked

PER_PAGE = 40
MOST_ACTIVE = 100
ACTIVE_STATES = tuple(state for state in DeploymentState if state not in FINAL_DEPLOYMENT_STATES)
KINDS = {"deployments": False, "rollbacks": True}


@dataclass(frozen=True)
class Row:
    """A deployment with what is counted and looked up for it."""

    seen: Overview
    target: str
    counts: dict[str, int]


@page("/deployments", permission=Permission.FLEET_READ)
def deployments(call: Call) -> Answer:
    """The history, with what is not over yet on top."""
    asked = Asked.read()
    states = _states(asked, FINAL_DEPLOYMENT_STATES)
    past = search.search(call.session, _filters(asked, states), limit=PER_PAGE, cursor=asked.cursor) if states else None
    return render_template(
        "deployments/listing.html",
        asked=asked,
        past=[] if past is None else _rows(call, past.items),
        next=None if past is None else past.next,
        active=[] if asked.cursor else _active(call, asked),
        tenants=_tenants(call),
        templates=templates.find(call.session, archived=False, text=None, limit=MOST_PER_PAGE, cursor=None).items,
        states=list(DeploymentState),
    )


@page("/deployments/active", permission=Permission.FLEET_READ)
def deployments_active(call: Call) -> Answer:
    """What is not over yet, asked for again and again. Once one has left it, the history is to be read anew."""
    asked = Asked.read()
    active = _active(call, asked)
    shown = render_template("deployments/_active.html", asked=asked, active=active, tenants=_tenants(call))
    answer = make_response(shown)
    now = {str(row.seen.deployment.id) for row in active}
    if set(filter(None, request.args.get("seen", "").split("."))) - now:
        answer.headers["HX-Trigger"] = "deployment-ended"
    return answer


def _tenants(call: Call) -> dict[int, str]:
    return {tenant.id: tenant.name for tenant in tenancy.to_choose_from(call)}


def _active(call: Call, asked: Asked) -> list[Row]:
    states = _states(asked, ACTIVE_STATES)
    if not states:
        return []
    found = search.search(call.session, _filters(asked, states), limit=MOST_ACTIVE, cursor=None).items
    return _rows(call, found)


def _rows(call: Call, seen: Sequence[Overview]) -> list[Row]:
    groups = target_words.group_names(call.session, [one.deployment.target for one in seen])
    return [Row(one, target_words.words(one.deployment.target, groups), without_total(one.counts)) for one in seen]


def without_total(counts: dict[str, int]) -> dict[str, int]:
    return {str(state): number for state, number in counts.items() if state != "total"}


def _states(asked: Asked, of: Sequence[DeploymentState]) -> list[DeploymentState]:
    """Those of `of` that are asked for."""
    return [state for state in of if asked.state in ("", state)]


def _filters(asked: Asked, states: list[DeploymentState]) -> Filters:
    values: dict[str, Any] = {"person": asked.person or None, "text": asked.text or None, "tenant_id": asked.tenant}
    values |= {"since": asked.from_moment, "until": asked.to_moment, "template_id": asked.template}
    return Filters(state=states, rollbacks=KINDS.get(asked.kind), **values)
