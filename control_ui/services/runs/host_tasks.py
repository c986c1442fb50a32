"""What one host was told to do, task by task, and how long each took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import Run, RunEvent
from control_ui.models.scope import ScopedSession

MOST_TASKS = 2000
_CLOCK_SKEW = timedelta(days=1)


@dataclass(frozen=True)
class HostTask:
    """`duration_seconds` is None where Ansible did not say; `stdout` is what it printed for this host."""

    at: datetime
    play: str
    task: str
    outcome: str | None
    duration_seconds: float | None
    stdout: str


def of_host(session: ScopedSession, run: Run, host: str) -> list[HostTask]:
    """In their order. Empty before the host's turn, and once the events have been pruned."""
    query = (
        sa.select(
            RunEvent.at, RunEvent.play, RunEvent.task, RunEvent.outcome, RunEvent.duration_seconds, RunEvent.stdout
        )
        .where(
            RunEvent.run_id == run.id,
            RunEvent.host == host,
            RunEvent.at >= run.requested_at - _CLOCK_SKEW,
            RunEvent.outcome.is_not(None),
        )
        .order_by(RunEvent.slice_id, RunEvent.counter)
        .limit(MOST_TASKS)
    )
    return [HostTask(*found) for found in session.execute(query)]
