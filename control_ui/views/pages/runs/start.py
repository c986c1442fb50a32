"""Starting a run: choose a playbook, say on which sites, see how many those are, check first or start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request

from control_ui.models import Run, Tenant
from control_ui.services import rows
from control_ui.services.devices import target_words, targets
from control_ui.services.devices.targets import Glance
from control_ui.services.errors import Fault, InvalidError, NotFoundError, ServiceError
from control_ui.services.permissions import Permission
from control_ui.services.runs.catalogue import Playbook, catalogue
from control_ui.services.runs.requests import RunRequest
from control_ui.services.runs.requests import request as request_run
from control_ui.services.runs.schedules import ScheduleForm
from control_ui.services.runs.schedules import create as create_schedule
from control_ui.views.api.operation import LARGEST_ID, Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.pages.runs import tenancy, variables
from control_ui.views.pages.runs.start_form import StartForm, problems_of
from control_ui.views.pages.runs.variables import Field
from control_ui.views.state import app_state
from control_ui.work_queue import DISPATCH

UNSEEN = "the number of sites is another one than was shown: look at it, then start"


@dataclass(frozen=True)
class Counted:
    """How many sites the target has, and how many of them will not be done now; nothing, with what is wrong."""

    glance: Glance | None = None
    needs_approval: bool = False
    problems: Problems = field(default_factory=Problems)


@page("/runs/new", permission=Permission.FLEET_OPERATE)
def run_new(call: Call) -> Answer:
    """The catalogue; with a playbook, or a run that this one is to be like, the form."""
    like = _like(call)
    name = request.args.get("playbook") or (like.playbook if like else "")
    if not name:
        kept = {key: values for key, values in request.args.lists() if key != "playbook"}
        return render_template("runs/catalogue.html", playbooks=catalogue.all(), kept=kept)
    playbook = catalogue.find(name)
    fields = variables.fields_of(playbook.schema)
    form = StartForm.at_first(call.session, fields, like)
    return _shown(call, playbook, fields, form, Problems())


@page("/runs/new/count", methods=("POST",), permission=Permission.FLEET_OPERATE)
def run_new_count(call: Call) -> Answer:
    """How many sites it would be for, and the buttons, which say so; asked for with every change."""
    playbook = catalogue.find(request.form.get("playbook", ""))
    form = StartForm.sent(variables.fields_of(playbook.schema))
    return render_template("runs/_go.html", playbook=playbook, form=form, counted=_count(call, playbook, form))


@page("/runs/new", methods=("POST",), permission=Permission.FLEET_OPERATE)
def run_start(call: Call) -> Answer:
    """Check, start, propose or schedule it; or say what is wrong at its fields."""
    playbook = catalogue.find(request.form.get("playbook", ""))
    fields = variables.fields_of(playbook.schema)
    form = StartForm.sent(fields)
    try:
        with tenancy.within(call, _id(form.tenant)) as narrowed:
            return _start(narrowed, playbook, fields, form)
    except ServiceError as error:
        return _shown(call, playbook, fields, form, problems_of(error, form, fields)), error.status


def _start(call: Call, playbook: Playbook, fields: list[Field], form: StartForm) -> Answer:
    """Raises ServiceError."""
    check = request.form.get("mode") == "check"
    target = form.target_document(call.session)
    number = _number_as_shown(call, form, target, check=check)
    values = variables.read(fields, form.values)
    if form.when == "repeat" and not check:
        wanted = ScheduleForm(form.name.strip(), form.cron, form.timezone, playbook.name, target, values, False, True)
        return done(f"The schedule {_scheduled(call, wanted, form.reason)} is made.", "runs")
    not_before = None if check else form.read_not_before()
    asked = RunRequest(playbook.name, target, values, check, form.reason, not_before, form.read_forks())
    run = request_run(call.session, call.actor, asked, call.now)
    app_state().work.wake(DISPATCH)
    what = "is to be checked" if check else f"is {run.state}"
    return done(f"Run {run.id} {what}: {number} site{'' if number == 1 else 's'}.", "run", run_id=run.id)


def _number_as_shown(call: Call, form: StartForm, target: dict[str, Any], *, check: bool) -> int:
    """How many sites it is for. Raises InvalidError where that is not what was shown: a check changes nothing, and may
    be for more."""
    seen = targets.glance(call.session, target)
    unscoped = call.session.scope.tenant_id is None
    if len(seen.tenant_ids) > 1 or (unscoped and form.when == "repeat"):
        raise InvalidError("a run is for the sites of one tenant", [Fault("$.tenant", "must be chosen")])
    if not check and request.form.get("counted") != str(seen.number):
        raise InvalidError(UNSEEN)
    return seen.number


def _scheduled(call: Call, wanted: ScheduleForm, reason: str) -> str:
    if not wanted.name:
        raise InvalidError("the schedule is not valid", [Fault("$.name", "must not be empty")])
    return create_schedule(call.session, call.actor, wanted, reason, call.now).name


def _shown(call: Call, playbook: Playbook, fields: list[Field], form: StartForm, problems: Problems) -> str:
    counted = _count(call, playbook, form)
    return render_template(
        "runs/new.html",
        playbook=playbook,
        fields=fields,
        form=form,
        problems=problems,
        tenants=tenancy.to_choose_from(call),
        groups=target_words.groups(call.session),
        counted=counted,
    )


def _count(call: Call, playbook: Playbook, form: StartForm) -> Counted:
    """Nothing, with what is wrong, where the target makes no sense."""
    try:
        with tenancy.within(call, _id(form.tenant)) as narrowed:
            seen = targets.glance(narrowed.session, form.target_document(narrowed.session))
            careful = len(seen.tenant_ids) == 1 and _asks_for_four_eyes(narrowed, min(seen.tenant_ids))
    except ServiceError as error:
        return Counted(problems=problems_of(error, form, []))
    return Counted(seen, needs_approval=careful and playbook.mutates)


def _asks_for_four_eyes(call: Call, tenant_id: int) -> bool:
    return rows.fetch(call.session, Tenant, tenant_id, "tenant").requires_approval


def _like(call: Call) -> Run | None:
    """The run that this one is to be like. Raises NotFoundError."""
    given = request.args.get("like", "")
    if not given:
        return None
    number = _id(given)
    if number is None:
        raise NotFoundError("there is no such run")
    return rows.fetch(call.session, Run, number, "run")


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST_ID else None
