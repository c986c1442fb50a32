"""Runs that are started again and again, by a cron expression in a time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from cronsim import CronSim, CronSimError

from control_ui.models import Run, Schedule, User
from control_ui.models.runs import FINAL_RUN_STATES
from control_ui.models.scope import ScopedSession
from control_ui.services import rows, timezones
from control_ui.services.actor import Actor, system
from control_ui.services.audit.trail import REFUSED, Subject, record
from control_ui.services.devices import targets
from control_ui.services.errors import ConflictError, Fault, InvalidError, ServiceError
from control_ui.services.pages import Page, paginate
from control_ui.services.permissions import Permission
from control_ui.services.runs.catalogue import catalogue
from control_ui.services.runs.requests import RunRequest, request

_FIELDS = 5
"""Minute, hour, day of the month, month, day of the week."""
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ScheduleForm:
    """What people say of a schedule."""

    name: str
    cron: str
    timezone: str
    playbook: str
    target: dict[str, Any]
    variables: dict[str, Any]
    check_mode: bool
    enabled: bool


def next_tick(cron: str, timezone: str, after: datetime) -> datetime:
    """The first tick after this moment. Raises InvalidError where there is none, or the expression makes no sense.

    Around changes of the clocks it ticks as Debian's cron does: what is skipped runs right after, what comes twice
    runs once.
    """
    if not timezones.is_known(timezone):
        raise InvalidError("the schedule is not valid", [Fault("$.timezone", f"there is no time zone {timezone!r}")])
    fields = len(cron.split())
    if fields != _FIELDS:
        words = f"must have {_FIELDS} fields (minute, hour, day, month, day of the week), it has {fields}"
        raise InvalidError("the schedule is not valid", [Fault("$.cron", words)])
    try:
        return next(CronSim(cron, after.astimezone(ZoneInfo(timezone)))).astimezone(UTC)
    except CronSimError as error:
        raise InvalidError("the schedule is not valid", [Fault("$.cron", str(error))]) from error
    except StopIteration as error:
        raise InvalidError("the schedule is not valid", [Fault("$.cron", "never comes true")]) from error


def next_ticks(cron: str, timezone: str, after: datetime, count: int) -> list[datetime]:
    """The next few. Raises InvalidError."""
    ticks: list[datetime] = []
    for _ in range(count):
        ticks.append(next_tick(cron, timezone, ticks[-1] if ticks else after))
    return ticks


def in_words(cron: str) -> str:
    """`At 02:30 on Monday through Friday`. Raises InvalidError."""
    next_tick(cron, "UTC", _SOME_TIME)
    return str(CronSim(cron, _SOME_TIME).explain())


def listed(session: ScopedSession, *, limit: int, cursor: str | None) -> Page[Schedule]:
    """A page of schedules, in the order in which they were made."""
    return paginate(session, sa.select(Schedule), by=[Schedule.id], limit=limit, cursor=cursor)


def last_runs(session: ScopedSession, schedule_ids: Sequence[int], count: int) -> dict[int, list[Run]]:
    """The last runs of each of these schedules, the newest first, by one statement."""
    place = sa.func.row_number().over(partition_by=Run.schedule_id, order_by=Run.id.desc())
    numbered = sa.select(Run.id, place.label("place")).where(Run.schedule_id.in_(schedule_ids)).subquery()
    query = sa.select(Run).join(numbered, numbered.c.id == Run.id).where(numbered.c.place <= count)
    found: dict[int, list[Run]] = {schedule_id: [] for schedule_id in schedule_ids}
    for run in session.scalars(query.order_by(Run.id.desc())):
        found[run.schedule_id or 0].append(run)
    return found


def create(session: ScopedSession, actor: Actor, form: ScheduleForm, reason: str, now: datetime) -> Schedule:
    """Raises ForbiddenError, NotFoundError, InvalidError, and ConflictError where the name is taken. Commits."""
    actor.require(Permission.FLEET_OPERATE)
    tenant = rows.current_tenant(session)
    _check(session, form)
    schedule = Schedule(tenant_id=tenant.id, created_by_id=actor.user_id, created_at=now)
    _fill(schedule, form, now)
    session.add(schedule)
    rows.flush_unless_taken(session, f"there is a schedule {form.name!r} already")
    _record(session, actor, schedule, "schedule.create", reason, now, after=described(schedule))
    session.commit()
    return schedule


def update(
    session: ScopedSession,
    actor: Actor,
    schedule_id: int,
    form: ScheduleForm,
    row_version: int,
    reason: str,
    now: datetime,
) -> Schedule:
    """Raises as `create` does, and LostUpdateError. Commits."""
    actor.require(Permission.FLEET_OPERATE)
    schedule = rows.fetch(session, Schedule, schedule_id, "schedule")
    rows.check_row_version(schedule, row_version, "schedule")
    _check(session, form)
    before = described(schedule)
    _fill(schedule, form, now)
    # Who says last what it does answers for it: nobody approves what they themselves have put into another's schedule.
    schedule.created_by_id = actor.user_id
    rows.flush_unless_taken(session, f"there is a schedule {form.name!r} already")
    _record(session, actor, schedule, "schedule.update", reason, now, before=before, after=described(schedule))
    session.commit()
    return schedule


def delete(
    session: ScopedSession, actor: Actor, schedule_id: int, row_version: int, reason: str, now: datetime
) -> None:
    """Its runs stay, and tell its name. Raises ForbiddenError, NotFoundError, LostUpdateError. Commits."""
    actor.require(Permission.FLEET_OPERATE)
    schedule = rows.fetch(session, Schedule, schedule_id, "schedule")
    rows.check_row_version(schedule, row_version, "schedule")
    session.execute(sa.update(Run).where(Run.schedule_id == schedule.id).values(schedule_id=None))
    _record(session, actor, schedule, "schedule.delete", reason, now, before=described(schedule))
    session.delete(schedule)
    session.commit()


def due(session: ScopedSession, now: datetime) -> list[tuple[int, int]]:
    """Schedules whose time has come: `(id, tenant)`. Commits."""
    query = sa.select(Schedule.id, Schedule.tenant_id).where(Schedule.enabled, Schedule.next_at <= now)
    found = [(schedule_id, tenant_id) for schedule_id, tenant_id in session.execute(query.order_by(Schedule.id))]
    session.commit()
    return found


def tick(session: ScopedSession, schedule_id: int, now: datetime) -> Run | None:
    """Start the run of a schedule whose time has come: once, however many ticks were missed, and clocks ask.

    None where it was not due any more, or no run could be started: `last_error` and the audit trail say why. Commits.
    """
    schedule = session.get(Schedule, schedule_id)
    if schedule is None or not _claim(session, schedule, now):
        session.commit()
        return None
    actor = system(f"schedule {schedule.name}", schedule.tenant_id)
    try:
        run = _start(session, actor, schedule, now)
        _note(session, schedule, "")
        session.commit()
    except ServiceError as error:
        session.rollback()
        _claim(session, schedule, now)
        _note(session, schedule, error.detail)
        _record(session, actor, schedule, "schedule.tick", error.detail, now, outcome=REFUSED)
        session.commit()
        return None
    return run


def form_of(schedule: Schedule) -> ScheduleForm:
    """What people have said of it."""
    return ScheduleForm(**described(schedule))


def described(schedule: Schedule) -> dict[str, Any]:
    """A schedule as the audit trail tells of it."""
    names = ("name", "cron", "timezone", "playbook", "target", "variables", "check_mode", "enabled")
    return {name: getattr(schedule, name) for name in names}


def _check(session: ScopedSession, form: ScheduleForm) -> None:
    playbook = catalogue.find(form.playbook)
    playbook.check_variables(form.variables)
    if form.check_mode and not playbook.supports_check:
        raise InvalidError("the schedule is not valid", [Fault("$.check_mode", "is not known to this playbook")])
    targets.resolve(session, form.target)


def _fill(schedule: Schedule, form: ScheduleForm, now: datetime) -> None:
    for name, value in vars(form).items():
        setattr(schedule, name, value)
    following = next_tick(form.cron, form.timezone, now)
    schedule.next_at = following if form.enabled else None
    schedule.last_error = ""


def _claim(session: ScopedSession, schedule: Schedule, now: datetime) -> bool:
    """Move on to the tick after now: whoever does so has this one."""
    following = next_tick(schedule.cron, schedule.timezone, now)
    # Not through the row's object: a tick is no edit, and must not make somebody's edit a lost update.
    moved = sa.update(Schedule).where(Schedule.id == schedule.id, Schedule.enabled, Schedule.next_at <= now)
    result = session.execute(moved.values(next_at=following), execution_options={"synchronize_session": False})
    return bool(getattr(result, "rowcount", 0))


def _start(session: ScopedSession, actor: Actor, schedule: Schedule, now: datetime) -> Run:
    query = sa.select(Run.id).where(Run.schedule_id == schedule.id, Run.state.not_in(FINAL_RUN_STATES)).limit(1)
    unfinished = session.scalars(query).first()
    if unfinished is not None:
        raise ConflictError(f"run {unfinished}, of an earlier tick, is not over yet")
    wanted = RunRequest(
        playbook=schedule.playbook,
        target=schedule.target,
        variables=schedule.variables,
        check_mode=schedule.check_mode,
        reason=f"schedule {schedule.name}",
        requested_by_id=schedule.created_by_id,
        schedule_id=schedule.id,
    )
    return request(session, actor, wanted, now, commit=False)


def _note(session: ScopedSession, schedule: Schedule, error: str) -> None:
    noted = sa.update(Schedule).where(Schedule.id == schedule.id).values(last_error=error)
    session.execute(noted, execution_options={"synchronize_session": False})


def _record(
    session: ScopedSession, actor: Actor, schedule: Schedule, action: str, reason: str, now: datetime, **what: Any
) -> None:
    subject = Subject("schedule", schedule.id, schedule.name)
    record(session, actor, action, subject, tenant_id=schedule.tenant_id, reason=reason, at=now, **what)


def owner(session: ScopedSession, schedule: Schedule) -> str:
    """Who answers for it."""
    found = session.get(User, schedule.created_by_id) if schedule.created_by_id is not None else None
    return "" if found is None else found.email
