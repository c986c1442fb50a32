"""Attempts and cases as people look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Device, HealingAction, HealingCase, Incident, Site
from control_ui.models.healing import ActionState, CaseState
from control_ui.models.scope import ScopedSession
from control_ui.services.healing import facts, switch
from control_ui.services.healing.conditions import CONDITIONS
from control_ui.services.healing.switch import Paused
from control_ui.services.pages import Page, paginate

MOST_SHOWN = 50


@dataclass(frozen=True)
class Shown:
    """An attempt, or where `action` is None a case nothing was tried against, with its place."""

    case: HealingCase
    action: HealingAction | None
    device: str
    site: str
    timezone: str

    @property
    def title(self) -> str:
        return CONDITIONS[self.case.condition].title

    @property
    def runbook(self) -> str:
        return CONDITIONS[self.case.condition].runbook


@dataclass(frozen=True)
class Now:
    """How self-healing stands. `running`: attempts under way in this scope; `brake` is empty while it holds nothing."""

    paused: Paused | None
    brake: str
    last_round_at: datetime | None
    running: int
    escalated: int


def state(session: ScopedSession) -> Now:
    row = switch.read(session)
    needed = sa.select(sa.func.count(HealingCase.id)).where(HealingCase.state == CaseState.ESCALATED)
    return Now(
        switch.paused(session), row.brake, row.last_round_at, facts.running(session), session.scalars(needed).one()
    )


def actions(
    session: ScopedSession, *, device_id: int | None, state: ActionState | None, limit: int, cursor: str | None
) -> Page[HealingAction]:
    """Attempts of this scope, those that began last first. Raises InvalidError for a bad cursor."""
    query = sa.select(HealingAction)
    if device_id is not None:
        query = query.where(HealingAction.device_id == device_id)
    if state is not None:
        query = query.where(HealingAction.state == state)
    by = [HealingAction.started_at, HealingAction.id]
    return paginate(session, query, by=by, limit=limit, cursor=cursor, descending=True)


def cases(session: ScopedSession, *, state: CaseState | None, limit: int, cursor: str | None) -> Page[HealingCase]:
    """Cases of this scope, those that were opened last first. Raises InvalidError for a bad cursor."""
    query = sa.select(HealingCase)
    if state is not None:
        query = query.where(HealingCase.state == state)
    by = [HealingCase.opened_at, HealingCase.id]
    return paginate(session, query, by=by, limit=limit, cursor=cursor, descending=True)


def recent(session: ScopedSession, device_id: int | None = None) -> list[Shown]:
    """The last attempts with their places, of one device or all: those under way first."""
    query = (
        sa.select(HealingCase, HealingAction, Device.name, Site.name, Site.timezone)
        .join(HealingAction, HealingAction.case_id == HealingCase.id)
        .join(Device, Device.id == HealingCase.device_id)
        .join(Site, Site.id == Device.site_id)
        .order_by(HealingAction.finished_at.is_not(None), HealingAction.started_at.desc(), HealingAction.id.desc())
        .limit(MOST_SHOWN)
    )
    if device_id is not None:
        query = query.where(HealingCase.device_id == device_id)
    return [Shown(*row) for row in session.execute(query)]


def open_cases(session: ScopedSession, device_id: int | None = None, incident_id: int | None = None) -> list[Shown]:
    """What is wrong now, or was part of this incident: where a person is needed first."""
    query = (
        sa.select(HealingCase, Device.name, Site.name, Site.timezone)
        .join(Device, Device.id == HealingCase.device_id)
        .join(Site, Site.id == Device.site_id)
        .order_by(HealingCase.state == CaseState.CLOSED, HealingCase.state == CaseState.OPEN, HealingCase.since)
        .limit(MOST_SHOWN)
    )
    if incident_id is not None:
        query = query.where(HealingCase.incident_id == incident_id)
    else:
        query = query.where(HealingCase.state != CaseState.CLOSED)
    if device_id is not None:
        query = query.where(HealingCase.device_id == device_id)
    return [Shown(case, None, *place) for case, *place in session.execute(query)]


def incidents(session: ScopedSession, *, limit: int, cursor: str | None) -> Page[Incident]:
    """Incidents of this scope, those opened last first. Raises InvalidError for a bad cursor."""
    by = [Incident.opened_at, Incident.id]
    return paginate(session, sa.select(Incident), by=by, limit=limit, cursor=cursor, descending=True)


def affected(session: ScopedSession, incident_id: int) -> Sequence[int]:
    """Ids of the devices of an incident."""
    query = sa.select(HealingCase.device_id).where(HealingCase.incident_id == incident_id).distinct()
    return session.scalars(query.order_by(HealingCase.device_id)).all()
