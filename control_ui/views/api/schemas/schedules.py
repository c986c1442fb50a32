"""Schedules."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from control_ui.views.api.schemas.base import In, Json, Moment, Name, Out, PageQuery, Text
from control_ui.views.api.schemas.playbooks import Variables
from control_ui.views.api.schemas.runs import PlaybookName
from control_ui.views.api.schemas.targets import Target

Cron = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9A-Za-z*/,#\- ]{9,100}$")]
Timezone = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_+/-]{1,64}$")]


class ScheduleIn(In):
    """A run that is started again and again."""

    name: Name
    cron: Cron = Field(description="Minute, hour, day of the month, month, day of the week: `30 2 * * mon-fri`.")
    timezone: Timezone = Field(description="IANA name, in which the expression is meant: `America/Chicago`.")
    playbook: PlaybookName
    target: Target = Field(description="Looked up anew each time.")
    variables: Variables = Field(default_factory=dict)
    check_mode: bool = False
    enabled: bool = True
    reason: Text = ""


class ScheduleOut(Out):
    id: int
    name: str
    cron: str
    timezone: str
    playbook: str
    target: Json
    variables: Json
    check_mode: bool
    enabled: bool
    next_at: Moment | None = Field(description="When it starts a run next; null while it is disabled.")
    last_error: str = Field(description="Why its last tick started no run; empty where it did.")
    created_by_id: int | None = Field(description="Who said last what it does, and answers for it.")
    row_version: int
    created_at: Moment


class SchedulePage(Out):
    items: list[ScheduleOut]
    next: str | None


class ScheduleQuery(PageQuery):
    """All of them, by id."""
