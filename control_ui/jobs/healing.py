"""Heals what could not heal itself, every few seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from control_ui.jobs.context import JobContext, context
from control_ui.services.devices import status
from control_ui.services.healing import delivery, patterns, transient
from control_ui.services.healing.plain import Limits
from control_ui.services.healing.rounds import round_
from control_ui.work_queue import DISPATCH

EVERY_SECONDS = 5.0
PATIENCE = status.OUTAGE_PATIENCE + timedelta(seconds=30)
"""After this control plane itself was away: until whoever is well has checked in, and whoever is not counts as
silent."""


TRANSIENT_EVERY_SECONDS = 15.0
PATTERNS_EVERY_SECONDS = 3600.0
SUMMARY_EVERY_SECONDS = 60.0
LOOK_FOR_PATTERNS = "control_ui.jobs.healing.look_for_patterns"
SEND_SUMMARY = "control_ui.jobs.healing.send_summary"


def tick(here: JobContext, now: datetime) -> None:
    """One round. Raises DBAPIError."""
    with here.session() as session:
        done = round_(session, Limits(here.settings.healing_most_at_once), now)
    if done.begun:
        here.work.wake(DISPATCH)


def acknowledge_transient(here: JobContext, now: datetime) -> None:
    """Alerts that were over before a person had to look. Raises DBAPIError."""
    with here.session() as session:
        transient.see_to(session, now)


def look_for_patterns() -> None:
    """Devices that get worse: a short job, for it reads days of samples."""
    with context().session() as session:
        patterns.look(session, datetime.now(UTC))


def wake_summary(here: JobContext, _now: datetime) -> None:
    """Where nobody wants a summary there is nothing to send."""
    if here.settings.smtp_url or here.settings.summary_webhook:
        here.work.wake(SEND_SUMMARY)


def send_summary() -> None:
    """Yesterday's, if it is still to be sent: a short job, for servers of mail take their time."""
    here = context()
    ways = delivery.channels(here.settings.smtp_url, here.settings.summary_webhook)
    with here.session() as session:
        delivery.deliver(session, ways, datetime.now(UTC))
