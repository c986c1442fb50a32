"""The form of a schedule: when, which playbook with which variables, on which sites."""

from __future__ import annotations

from typing import Any, Literal

from flask import g, request

from control_ui.models import Schedule
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.runs.catalogue import Playbook
from control_ui.services.runs.schedules import ScheduleForm
from control_ui.views.api.schemas.base import In, Name, RowId, Text
from control_ui.views.api.schemas.schedules import Cron, Timezone
from control_ui.views.api.schemas.targets import Query
from control_ui.views.pages.form import Problems
from control_ui.views.pages.runs import variables
from control_ui.views.pages.runs.variables import Field

ADVICE = {
    "name": "Enter a name of 1 to 100 characters",
    "cron": "Enter five fields: minute, hour, day of the month, month, day of the week, such as 30 2 * * mon-fri",
    "timezone": "Enter the name of a time zone, such as America/Chicago",
    "group_id": "Choose a group",
}


class ScheduleEntry(In):
    """What is entered, but for the variables. `kept` is a target that only an API call can make: it stays."""

    name: Name
    cron: Cron
    timezone: Timezone
    target: Literal["all", "group", "query", "kept"]
    group_id: RowId | None = None
    query: Query = ""
    check_mode: bool = False
    enabled: bool = True
    reason: Text = ""

    def schedule(self, playbook: Playbook, fields: list[Field], before: Schedule | None) -> ScheduleForm:
        """As the service takes it. Raises InvalidError."""
        values = variables.read(fields, variables.entered(fields, request.form))
        target = self._target(before)
        return ScheduleForm(
            self.name, self.cron, self.timezone, playbook.name, target, values, self.check_mode, self.enabled
        )

    def _target(self, before: Schedule | None) -> dict[str, Any]:
        if self.target == "kept" and before is not None:
            return before.target
        if self.target == "group":
            if self.group_id is None:
                raise InvalidError("the schedule is not valid", [Fault("$.group_id", "must be chosen")])
            return {"group_id": self.group_id}
        if self.target == "query":
            if not self.query.strip():
                raise InvalidError("the schedule is not valid", [Fault("$.query", "must not be empty")])
            return {"query": self.query}
        return {"all": True}


def form_of(schedule: Schedule | None, fields: list[Field]) -> dict[str, Any]:
    """What the form shows: what was entered, else what is, else what is usual."""
    if request.method == "POST":
        entered = {name: request.form.getlist(name)[-1] for name in request.form}
        return entered | {"variables": variables.entered(fields, request.form)}
    if schedule is None:
        usual = {"name": "", "cron": "0 3 * * *", "timezone": g.person.timezone, "target": "all", "enabled": "1"}
        return usual | {"variables": variables.prefilled(fields, {})}
    target = schedule.target
    kind = "all" if "all" in target else "group" if "group_id" in target else "query" if "query" in target else "kept"
    return {
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "target": kind,
        "group_id": target.get("group_id", ""),
        "query": target.get("query", ""),
        "check_mode": "1" if schedule.check_mode else "0",
        "enabled": "1" if schedule.enabled else "0",
        "variables": variables.prefilled(fields, schedule.variables),
    }


def problems_of(error: InvalidError, fields: list[Field]) -> Problems:
    """At their fields, those of the playbook's variables included."""
    advice = {f"variables.{field.name}": field.advice for field in fields}
    found = {}
    for fault in error.faults:
        name = fault.path.removeprefix("$.").partition("[")[0]
        name = {"target.group_id": "group_id", "target.query": "query"}.get(name, name)
        found[name] = advice.get(name, f"It {fault.message}")
    return Problems(error.detail[:1].upper() + error.detail[1:] + ".", found)
