"""Schedules: runs that are started again and again."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for

from control_ui.models import Schedule
from control_ui.services import rows, timezones
from control_ui.services.devices import groups, target_words
from control_ui.services.errors import InvalidError
from control_ui.services.permissions import Permission
from control_ui.services.runs import schedules
from control_ui.services.runs.catalogue import catalogue
from control_ui.views.api.operation import Call
from control_ui.views.pages.administration.schedule_form import ADVICE, ScheduleEntry, form_of, problems_of
from control_ui.views.pages.administration.tabs import PER_PAGE, cursor, require_tenant, show
from control_ui.views.pages.administration.tenants import row_version
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.form import Problems, handle
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.pages.runs import variables

OPERATE = Permission.FLEET_OPERATE
TICKS_SHOWN = 5
RUNS_SHOWN = 10


@page("/administration/schedules", permission=Permission.FLEET_READ)
def schedules_list(call: Call) -> Answer:
    """Every schedule, when it starts a run next, and how its last one went."""
    found = schedules.listed(call.session, limit=PER_PAGE, cursor=cursor())
    names = target_words.group_names(call.session, [schedule.target for schedule in found.items])
    return show(
        "schedules",
        "schedules_list",
        found=found,
        words={schedule.id: schedules.in_words(schedule.cron) for schedule in found.items},
        targets={schedule.id: target_words.words(schedule.target, names) for schedule in found.items},
        runs=schedules.last_runs(call.session, [schedule.id for schedule in found.items], 1),
    )


@page("/administration/schedules/<int:schedule_id>", permission=Permission.FLEET_READ)
def schedules_show(call: Call, schedule_id: int) -> Answer:
    """One schedule: its next times, and its last runs."""
    schedule = rows.fetch(call.session, Schedule, schedule_id, "schedule")
    names = target_words.group_names(call.session, [schedule.target])
    return show(
        "schedule",
        "schedules_list",
        schedule=schedule,
        words=schedules.in_words(schedule.cron),
        target=target_words.words(schedule.target, names),
        ticks=schedules.next_ticks(schedule.cron, schedule.timezone, call.now, TICKS_SHOWN),
        runs=schedules.last_runs(call.session, [schedule.id], RUNS_SHOWN)[schedule.id],
        owner=schedules.owner(call.session, schedule),
    )


@page("/administration/schedules/new", methods=("GET", "POST"), permission=OPERATE)
def schedules_new(call: Call) -> Answer:
    """Choose a playbook; then say when, and on what."""
    require_tenant(call)
    name = request.values.get("playbook", "")
    if not name:
        return render_template("administration/schedule_playbook.html", playbooks=catalogue.all())
    return _edit(call, name, None)


@page("/administration/schedules/<int:schedule_id>/edit", methods=("GET", "POST"), permission=OPERATE)
def schedules_edit(call: Call, schedule_id: int) -> Answer:
    """Change a schedule. Who does so answers for it from then on."""
    schedule = rows.fetch(call.session, Schedule, schedule_id, "schedule")
    return _edit(call, schedule.playbook, schedule)


@page(
    "/administration/schedules/<int:schedule_id>/<any(pause, resume):what>", methods=("GET", "POST"), permission=OPERATE
)
def schedules_switch(call: Call, schedule_id: int, what: str) -> Answer:
    """Have it start no runs for a while, or again."""
    schedule = rows.fetch(call.session, Schedule, schedule_id, "schedule")
    on = what == "resume"
    following = schedules.next_tick(schedule.cron, schedule.timezone, call.now)
    say = (
        f"It starts a run next at {following.astimezone(ZoneInfo(schedule.timezone)):%Y-%m-%d %H:%M %Z}, and you"
        " answer for it."
        if on
        else "It starts no runs until it is resumed. One that is under way goes on."
    )

    def work(reason: str) -> Answer:
        form = replace(schedules.form_of(schedule), enabled=on)
        version = schedule.row_version
        schedules.update(call.session, call.actor, schedule.id, form, version, reason, call.now)
        return done(f"{schedule.name} is {what}d.", "schedules_show", schedule_id=schedule.id)

    back = url_for("pages.schedules_show", schedule_id=schedule.id)
    return ask(Question(f"{what.capitalize()} {schedule.name}", (say,), what.capitalize(), back), work)


@page("/administration/schedules/<int:schedule_id>/remove", methods=("GET", "POST"), permission=OPERATE)
def schedules_remove(call: Call, schedule_id: int) -> Answer:
    """Delete a schedule."""
    schedule = rows.fetch(call.session, Schedule, schedule_id, "schedule")

    def work(reason: str) -> Answer:
        schedules.delete(call.session, call.actor, schedule.id, schedule.row_version, reason, call.now)
        return done(f"{schedule.name} is removed.", "schedules_list")

    back = url_for("pages.schedules_show", schedule_id=schedule.id)
    return ask(Question(f"Remove {schedule.name}", ("Its runs stay.",), "Remove", back, danger=True), work)


@page("/administration/schedules/times", permission=OPERATE)
def schedules_times(call: Call) -> Answer:
    """What a cron expression means: part of the form."""
    cron, timezone = request.args.get("cron", "").strip()[:100], request.args.get("timezone", "")
    words, ticks, fault = "", [], ""
    try:
        ticks = schedules.next_ticks(cron, timezone, call.now, TICKS_SHOWN)
        words = schedules.in_words(cron)
    except InvalidError as error:
        fault = " and ".join(each.message for each in error.faults)
    return render_template(
        "administration/_times.html", cron=cron, words=words, ticks=ticks, fault=fault, timezone=timezone
    )


def _edit(call: Call, playbook_name: str, schedule: Schedule | None) -> Answer:
    playbook = catalogue.find(playbook_name)
    fields = variables.fields_of(playbook.schema)

    def show_form(problems: Problems) -> str:
        return render_template(
            "administration/schedule_form.html",
            problems=problems,
            playbook=playbook,
            fields=fields,
            entry=form_of(schedule, fields),
            schedule=schedule,
            groups=groups.choices(call.session),
            zones=timezones.listed(),
        )

    def work(body: ScheduleEntry) -> Answer:
        wanted = body.schedule(playbook, fields, schedule)
        try:
            if schedule is None:
                made = schedules.create(call.session, call.actor, wanted, body.reason, call.now)
            else:
                made = schedules.update(
                    call.session, call.actor, schedule.id, wanted, row_version(), body.reason, call.now
                )
        except InvalidError as error:
            return show_form(problems_of(error, fields)), error.status
        return done(f"{made.name} is {'changed' if schedule else 'made'}.", "schedules_show", schedule_id=made.id)

    return handle(ScheduleEntry, show_form, work, ADVICE)
