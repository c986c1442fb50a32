"""Schedules: runs that are started again and again."""

from __future__ import annotations

from control_ui.models import Schedule
from control_ui.services import rows
from control_ui.services.permissions import Permission
from control_ui.services.runs import schedules
from control_ui.services.runs.schedules import ScheduleForm
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import ReasonIn
from control_ui.views.api.schemas.schedules import ScheduleIn, ScheduleOut, SchedulePage, ScheduleQuery

api = Api("schedules", "schedules")


@api.get("/schedules", permission=Permission.FLEET_READ, query=ScheduleQuery, returns=SchedulePage)
def list_schedules(call: Call, query: ScheduleQuery) -> SchedulePage:
    """List schedules."""
    page = schedules.listed(call.session, limit=query.limit, cursor=query.cursor)
    return SchedulePage(items=[ScheduleOut.model_validate(schedule) for schedule in page.items], next=page.next)


@api.post(
    "/schedules",
    permission=Permission.FLEET_OPERATE,
    body=ScheduleIn,
    returns=ScheduleOut,
    status=201,
    errors=(409,),
    idempotent=True,
)
def create_schedule(call: Call, body: ScheduleIn) -> Reply:
    """Have a run started again and again.

    Ticks that were missed are made up for by one run. A tick that comes while the run of an earlier one is not over
    starts none."""
    return _reply(schedules.create(call.session, call.actor, _form(body), body.reason, call.now))


@api.get("/schedules/<int:schedule_id>", permission=Permission.FLEET_READ, returns=ScheduleOut)
def show_schedule(call: Call, schedule_id: int) -> Reply:
    """Show one schedule."""
    return _reply(rows.fetch(call.session, Schedule, schedule_id, "schedule"))


@api.put(
    "/schedules/<int:schedule_id>",
    permission=Permission.FLEET_OPERATE,
    body=ScheduleIn,
    returns=ScheduleOut,
    errors=(409,),
    conditional=True,
)
def change_schedule(call: Call, schedule_id: int, body: ScheduleIn) -> Reply:
    """Change a schedule."""
    return _reply(
        schedules.update(call.session, call.actor, schedule_id, _form(body), call.if_match or 0, body.reason, call.now)
    )


@api.delete(
    "/schedules/<int:schedule_id>",
    permission=Permission.FLEET_OPERATE,
    query=ReasonIn,
    status=204,
    conditional=True,
)
def delete_schedule(call: Call, schedule_id: int, query: ReasonIn) -> None:
    """Delete a schedule. Its runs stay."""
    schedules.delete(call.session, call.actor, schedule_id, call.if_match or 0, query.reason, call.now)


def _form(body: ScheduleIn) -> ScheduleForm:
    return ScheduleForm(
        name=body.name,
        cron=body.cron,
        timezone=body.timezone,
        playbook=body.playbook,
        target=body.target.chosen,
        variables=body.variables,
        check_mode=body.check_mode,
        enabled=body.enabled,
    )


def _reply(schedule: Schedule) -> Reply:
    return Reply(ScheduleOut.model_validate(schedule), etag=schedule.row_version)
