"""Whether Alertmanager answers: written by the clock, read by pages and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import AlertmanagerState
from control_ui.models.scope import ScopedSession

ROW = 1
SILENT = timedelta(seconds=30)
"""So long without a question: nobody knows, since no worker's clock asks."""


@dataclass(frozen=True)
class Standing:
    """Whether what is shown is what Alertmanager has; if not, since when, and why."""

    reachable: bool
    heard_at: datetime | None
    problem: str


def standing(session: ScopedSession, now: datetime) -> Standing | None:
    """None where no Alertmanager is asked. `problem` is for those who run the platform: it has addresses in it."""
    row = session.get(AlertmanagerState, ROW)
    if row is None:
        return None
    if now - row.asked_at > SILENT:
        return Standing(False, row.heard_at, "no worker asks it: is `python -m control_ui.worker` running?")
    return Standing(not row.problem, row.heard_at, row.problem)


def note(session: ScopedSession, asked_at: datetime, *, started_at: datetime | None, problem: str) -> None:
    """How a question ended. `started_at` is None where there was no answer."""
    row = session.get(AlertmanagerState, ROW)
    if row is None:
        row = AlertmanagerState(id=ROW, asked_at=asked_at)
        session.add(row)
    row.asked_at, row.problem = asked_at, problem
    if started_at is not None:
        row.heard_at, row.started_at = asked_at, started_at
    session.commit()


def forget(session: ScopedSession) -> None:
    """No Alertmanager is asked any more."""
    session.execute(sa.delete(AlertmanagerState))
    session.commit()
