"""What was run, and what is running now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import make_response, render_template, request

from control_ui.models import Run
from control_ui.models.runs import FINAL_RUN_STATES, RunState
from control_ui.services.devices import target_words
from control_ui.services.permissions import Permission
from control_ui.services.runs import search, watching
from control_ui.services.runs.search import Filters
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.runs import tenancy, titles
from control_ui.views.pages.runs.asked import Asked

PER_PAGE = 40
MOST_ACTIVE = 100
ACTIVE_STATES = tuple(state for state in RunState if state not in FINAL_RUN_STATES)


@dataclass(frozen=True)
class Row:
    """A run with what is looked up for it."""

    run: Run
    title: str
    target: str
    counts: dict[str, int]


@page("/runs", permission=Permission.FLEET_READ)
def runs(call: Call) -> Answer:
    """The history, with what is not over yet on top."""
    asked = Asked.read()
    states, names = _states(asked, FINAL_RUN_STATES), titles.by_name()
    past = search.search(call.session, _filters(asked, states), limit=PER_PAGE, cursor=asked.cursor) if states else None
    context = {
        "asked": asked,
        "past": [] if past is None else _rows(call, past.items, names),
        "next": None if past is None else past.next,
        "active": [] if asked.cursor else _active(call, asked, names),
        "playbooks": names,
        "tenants": {tenant.id: tenant.name for tenant in tenancy.to_choose_from(call)},
        "states": list(RunState),
    }
    return render_template("runs/listing.html", **context)


@page("/runs/active", permission=Permission.FLEET_READ)
def runs_active(call: Call) -> Answer:
    """What is not over yet, asked for again and again. Once a run has left it, the history is to be read anew."""
    asked = Asked.read()
    active = _active(call, asked, titles.by_name())
    tenants = {tenant.id: tenant.name for tenant in tenancy.to_choose_from(call)}
    answer = make_response(render_template("runs/_active.html", asked=asked, active=active, tenants=tenants))
    now = {str(row.run.id) for row in active}
    if set(filter(None, request.args.get("seen", "").split("."))) - now:
        answer.headers["HX-Trigger"] = "run-ended"
    return answer


def _active(call: Call, asked: Asked, names: dict[str, str]) -> list[Row]:
    states = _states(asked, ACTIVE_STATES)
    if not states:
        return []
    found = search.search(call.session, _filters(asked, states), limit=MOST_ACTIVE, cursor=None).items
    return _rows(call, found, names)


def _rows(call: Call, runs: Sequence[Run], names: dict[str, str]) -> list[Row]:
    groups = target_words.group_names(call.session, [run.target for run in runs])
    live = watching.tallies(call.session, [run.id for run in runs if run.finished_at is None])
    return [
        Row(
            run,
            names.get(run.playbook, run.playbook),
            target_words.words(run.target, groups),
            live.get(run.id) or {state: number for state, number in run.counts.items() if state != "total"},
        )
        for run in runs
    ]


def _states(asked: Asked, of: Sequence[RunState]) -> list[RunState]:
    """Those of `of` that are asked for."""
    return [state for state in of if asked.state in ("", state)]


def _filters(asked: Asked, states: list[RunState]) -> Filters:
    values: dict[str, Any] = {"person": asked.person or None, "text": asked.text or None, "tenant_id": asked.tenant}
    return Filters(
        state=states, playbook=asked.playbook or None, since=asked.from_moment, until=asked.to_moment, **values
    )
