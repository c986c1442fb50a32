"""What happened around an alert: what the Pi did by itself, what it was asked to do, which runs touched it, and who
knew when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import (
    Alert,
    DeviceAction,
    DeviceLog,
    DeviceState,
    HealingAction,
    HealingCase,
    HostResult,
    Run,
    Silence,
)
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import reading

BEFORE = timedelta(minutes=30)
AFTER = timedelta(minutes=30)
MOST_OF_EACH = 50
HEALING = "self-healing:"
"""With which the agent's lines about it begin."""


@dataclass(frozen=True)
class Event:
    """One thing that happened. `kind` is alert, person, pi, action or run; `state` is how it ended, where it has."""

    at: datetime
    kind: str
    words: str
    detail: str = ""
    state: str = ""
    run_id: int | None = None


@dataclass(frozen=True)
class Count:
    """How often a Pi has done something by itself, since it was set up."""

    action: str
    result: str
    count: int


@dataclass(frozen=True)
class Around:
    events: list[Event]
    healed: bool
    """Whether anything was tried at all."""
    counts: list[Count]


def around(session: ScopedSession, alert: Alert, silence: Silence | None, now: datetime) -> Around:
    """From half an hour before the alert until half an hour after its end."""
    events = list(_of_alert(alert, silence))
    if alert.device_id is None:
        return Around(sorted(events, key=lambda event: event.at), healed=False, counts=[])
    span = (alert.starts_at - BEFORE, (alert.ends_at or now) + AFTER)
    tried = [
        *_of_pi(session, alert.device_id, span),
        *_of_mailbox(session, alert.device_id, span),
        *_of_runs(session, alert.device_id, span),
        *_of_healing(session, alert.device_id, span),
    ]
    events = sorted([*events, *tried], key=lambda event: event.at)
    return Around(events, bool(tried), _counts(session, alert.device_id))


def _of_alert(alert: Alert, silence: Silence | None) -> Iterator[Event]:
    yield Event(alert.starts_at, "alert", "It began", str(alert.annotations.get("summary", "")))
    if alert.acknowledged_at is not None:
        yield Event(alert.acknowledged_at, "person", f"Acknowledged by {alert.acknowledged_by}", alert.comment)
    if silence is not None:
        yield Event(silence.created_at, "person", f"Silenced by {silence.created_by}", silence.comment)
    if alert.ends_at is not None:
        yield Event(alert.ends_at, "alert", "It was over")


def _of_pi(session: ScopedSession, device_id: int, span: tuple[datetime, datetime]) -> Iterator[Event]:
    line = DeviceLog
    query = (
        sa.select(line.at, line.message)
        .where(line.device_id == device_id, line.at.between(*span), line.message.startswith(HEALING))
        .order_by(line.at.desc())
        .limit(MOST_OF_EACH)
    )
    for at, message in session.execute(query):
        yield Event(at, "pi", "The Pi healed itself", message.removeprefix(HEALING).strip())


def _of_mailbox(session: ScopedSession, device_id: int, span: tuple[datetime, datetime]) -> Iterator[Event]:
    action = DeviceAction
    query = sa.select(action).where(action.device_id == device_id, action.created_at.between(*span))
    for row in session.scalars(query.order_by(action.created_at.desc()).limit(MOST_OF_EACH)):
        words = f"The Pi was asked to {row.kind.replace('_', ' ')}"
        yield Event(row.created_at, "action", words, row.reason, row.result or "waiting")


def _of_runs(session: ScopedSession, device_id: int, span: tuple[datetime, datetime]) -> Iterator[Event]:
    begun = sa.func.coalesce(Run.started_at, Run.requested_at)
    query = (
        sa.select(Run, HostResult.outcome, HostResult.progress, HostResult.message)
        .join(HostResult, HostResult.run_id == Run.id)
        .where(HostResult.device_id == device_id, begun.between(*span))
        .order_by(Run.id.desc())
        .limit(MOST_OF_EACH)
    )
    for run, outcome, progress, message in session.execute(query):
        words = f"Run {run.id}, {run.playbook}, asked for by {run.requested_by}"
        detail = message or run.reason
        yield Event(run.started_at or run.requested_at, "run", words, detail, str(outcome or progress), run.id)


def _of_healing(session: ScopedSession, device_id: int, span: tuple[datetime, datetime]) -> Iterator[Event]:
    """What the control plane did by itself: attempts, and when it called a person."""
    action, case = HealingAction, HealingCase
    query = sa.select(action).where(action.device_id == device_id, action.started_at.between(*span))
    for row in session.scalars(query.order_by(action.started_at.desc()).limit(MOST_OF_EACH)):
        words = f"Self-healing: {row.action}, attempt {row.attempt}"
        yield Event(row.started_at, "action", words, row.note or row.reason, row.state, row.run_id)
    calls = sa.select(case).where(case.device_id == device_id, case.escalated_at.between(*span))
    for called in session.scalars(calls.order_by(case.escalated_at.desc()).limit(MOST_OF_EACH)):
        if called.escalated_at is not None:
            yield Event(called.escalated_at, "action", "Self-healing calls a person", f"{called.words}; {called.note}")


def _counts(session: ScopedSession, device_id: int) -> list[Count]:
    query = sa.select(DeviceState.report).where(DeviceState.device_id == device_id)
    report: Any = session.scalars(query).one_or_none() or {}
    return [
        Count(reading.text(entry.get("action"), 100), reading.text(entry.get("result"), 24), whole)
        for entry in reading.entries(reading.dig(report, "status", "actions"), 50)
        if (whole := reading.whole(entry.get("count")))
    ]
