"""The day in words: what was wrong, what was healed and how quickly, what needed a person, and what gets worse."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, HealingAction, HealingCase, Incident, Site, Tenant
from control_ui.models.healing import ActionState, CaseState
from control_ui.models.scope import ScopedSession
from control_ui.services.devices.reasons import duration
from control_ui.services.healing.conditions import CONDITIONS
from control_ui.services.healing.patterns import worsening

MOST_NAMED = 40


@dataclass(frozen=True)
class Summary:
    """`faults` by what was wrong; `persons` and `worse` are lines for people."""

    day: date
    faults: dict[str, int]
    actions: dict[str, int]
    healed: int
    """Cases that an attempt has healed."""
    by_themselves: int
    median_seconds_to_heal: float | None
    persons: list[str]
    incidents: list[str]
    worse: list[str]

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "day": self.day.isoformat(),
            "faults": self.faults,
            "actions": self.actions,
            "healed": self.healed,
            "over_by_themselves": self.by_themselves,
            "median_seconds_to_heal": self.median_seconds_to_heal,
            "needed_a_person": self.persons,
            "incidents": self.incidents,
            "getting_worse": self.worse,
            "text": self.text(),
        }

    def subject(self) -> str:
        total = sum(self.faults.values())
        return f"Car wash fleet, {self.day.isoformat()}: {total} faults, {len(self.persons)} needed a person"

    def text(self) -> str:
        """For a mail."""
        taken = duration(self.median_seconds_to_heal) if self.median_seconds_to_heal is not None else "no time known"
        parts = [
            self.subject(),
            _list("Faults", [f"{count} x {what}" for what, count in self.faults.items()]),
            f"Healed: {self.healed} by the control plane (half of them within {taken}),"
            f" {self.by_themselves} were over by themselves.",
            _list("Attempts", [f"{count} x {what}" for what, count in self.actions.items()]),
            _list("Needed a person", self.persons),
            _list("Wide outages", self.incidents),
            _list("Getting worse", self.worse),
        ]
        return "\n\n".join(parts) + "\n"


def _list(title: str, lines: list[str]) -> str:
    more = [f"  and {len(lines) - MOST_NAMED} more"] if len(lines) > MOST_NAMED else []
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines[:MOST_NAMED] or ["none"]), *more])


def summary(session: ScopedSession, day: date) -> Summary:
    """Of one day in UTC, of the whole scope."""
    since = datetime.combine(day, time(), UTC)
    until = since + timedelta(days=1)
    case, action = HealingCase, HealingAction
    cases = session.scalars(sa.select(case).where(case.opened_at >= since, case.opened_at < until)).all()
    tried = sa.select(action.action, action.state, sa.func.count(action.id)).where(
        action.started_at >= since, action.started_at < until
    )
    attempts = session.execute(tried.group_by(action.action, action.state)).all()
    healed = set(session.scalars(sa.select(action.case_id).where(action.state == ActionState.HEALED)))
    over = [one for one in cases if one.state == CaseState.CLOSED and one.closed_at is not None]
    taken = [(one.closed_at - one.since).total_seconds() for one in over if one.id in healed and one.closed_at]
    return Summary(
        day=day,
        faults=dict(Counter(CONDITIONS[one.condition].title for one in cases).most_common()),
        actions={f"{what}: {state}": count for what, state, count in sorted(attempts, key=lambda row: -row[2])},
        healed=len(taken),
        by_themselves=sum(one.id not in healed and one.escalated_at is None for one in over),
        median_seconds_to_heal=statistics.median(taken) if taken else None,
        persons=_persons(session, since, until),
        incidents=_incidents(session, since, until),
        worse=[f"{site} ({device}): {row.words}" for row, device, site in worsening(session)],
    )


def _persons(session: ScopedSession, since: datetime, until: datetime) -> list[str]:
    case = HealingCase
    query = (
        sa.select(case, Device.name, Site.name, Tenant.name)
        .join(Device, Device.id == case.device_id)
        .join(Site, Site.id == Device.site_id)
        .join(Tenant, Tenant.id == case.tenant_id)
        .where(case.escalated_at >= since, case.escalated_at < until)
        .order_by(case.escalated_at)
    )
    return [
        f"{tenant}, {site} ({device}): {CONDITIONS[row.condition].title}, {row.words}"
        f" ({'over' if row.closed_at else 'not over yet'})"
        for row, device, site, tenant in session.execute(query)
    ]


def _incidents(session: ScopedSession, since: datetime, until: datetime) -> list[str]:
    query = sa.select(Incident).where(Incident.opened_at >= since, Incident.opened_at < until)
    return [f"{row.title}: {row.cause}" for row in session.scalars(query.order_by(Incident.id))]
