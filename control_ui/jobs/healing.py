"""Heals what could not heal itself, every few seconds."""

from __future__ import annotations

from datetime import datetime, timedelta

from control_ui.jobs.context import JobContext
from control_ui.services.devices import status
from control_ui.services.healing.plain import Limits
from control_ui.services.healing.rounds import round_
from control_ui.work_queue import DISPATCH

EVERY_SECONDS = 5.0
PATIENCE = status.OUTAGE_PATIENCE + timedelta(seconds=30)
"""After this control plane itself was away: until whoever is well has checked in, and whoever is not counts as
silent."""


def tick(here: JobContext, now: datetime) -> None:
    """One round. Raises DBAPIError."""
    with here.session() as session:
        done = round_(session, Limits(here.settings.healing_most_at_once), now)
    if done.begun:
        here.work.wake(DISPATCH)
