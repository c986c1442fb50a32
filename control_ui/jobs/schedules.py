"""Starts the runs whose schedules are due."""

from __future__ import annotations

from datetime import datetime

from control_ui.jobs.context import JobContext
from control_ui.models.scope import Scope
from control_ui.services.runs import schedules


def tick(here: JobContext, now: datetime) -> None:
    """Raises DBAPIError."""
    with here.session() as session:
        due = schedules.due(session, now)
    for schedule_id, tenant_id in due:
        with here.session(Scope(tenant_id)) as session:
            schedules.tick(session, schedule_id, now)
