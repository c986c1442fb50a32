"""Keeps the alerts here and those of Alertmanager the same: takes what it lists, and makes it silent about what people
know of."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from control_ui.jobs.context import JobContext
from control_ui.services.alertmanager import listed, silencing, standing
from control_ui.services.alertmanager.client import Alertmanager
from control_ui.services.errors import UnavailableError

LONGEST_PAUSE = timedelta(seconds=10)
"""One that hangs costs seconds of the clock each time it is asked."""

log = logging.getLogger(__name__)


class Sync:
    """A duty of the clock."""

    def __init__(self) -> None:
        self._alertmanager: Alertmanager | None = None
        self._not_before = datetime.min.replace(tzinfo=UTC)
        self._failures = 0
        self._forgotten = False

    def __call__(self, here: JobContext, now: datetime) -> None:
        """Raises DBAPIError."""
        if not here.settings.alertmanager_url:
            self._forget(here)
        elif now >= self._not_before:
            self._sync(here, now)

    def _sync(self, here: JobContext, now: datetime) -> None:
        if self._alertmanager is None:
            self._alertmanager = Alertmanager(here.settings.alertmanager_url)
        try:
            started_at = sync(here, self._alertmanager, now)
        except UnavailableError as error:
            self._failed(here, now, error.detail)
        else:
            if self._failures:
                log.info("Alertmanager answers again")
            self._failures = 0
            with here.session() as session:
                standing.note(session, now, started_at=started_at, problem="")

    def _failed(self, here: JobContext, now: datetime, why: str) -> None:
        """Nothing is known, so nothing is changed. Said once, not every time."""
        self._not_before = now + min(LONGEST_PAUSE, timedelta(seconds=2**self._failures))
        self._failures = min(self._failures + 1, 10)
        if self._failures == 1:
            log.warning("alerts are not followed: %s", why)
        with here.session() as session:
            standing.note(session, now, started_at=None, problem=why)

    def _forget(self, here: JobContext) -> None:
        if not self._forgotten:
            with here.session() as session:
                standing.forget(session)
            self._forgotten = True


def sync(here: JobContext, alertmanager: Alertmanager, now: datetime) -> datetime:
    """Do it once; gives when Alertmanager was started. Raises UnavailableError, DBAPIError."""
    started_at, there, alerts = alertmanager.started_at(), alertmanager.silences(), alertmanager.alerts()
    with here.session() as session:
        listed.take(session, listed.Listing(now, started_at, alerts, there))
        wished = silencing.wanted(session, alerts, now)
    for change in silencing.changes(wished, there, alertmanager, now):
        change()
    return started_at
