"""What has to be looked at again and again, because whoever should have told may have died.

The database decides what there is to do, and everything here may be done twice.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import redis
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from control_ui.jobs import alertmanager, deployments, dispatch, healing, recovery, requeue, schedules
from control_ui.jobs.context import JobContext, context
from control_ui.jobs.stopping import STOPPING
from control_ui.services.devices import mailbox, status
from control_ui.services.runs import approvals, reaper

TICK_SECONDS = 1.0
LOCK = "carwash:clock"
LOCK_SECONDS = 10
RETENTION = "control_ui.jobs.retention.prune"
CHECK_AUDIT = "control_ui.jobs.audit.check"
_RENEW = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('expire', KEYS[1], ARGV[2]) else return 0 end"

log = logging.getLogger(__name__)


@dataclass
class Duty:
    """Something that is done every so many seconds."""

    name: str
    every_seconds: float
    do: Callable[[JobContext, datetime], object]
    everywhere: bool = False
    """By the clock of every machine, not only by the one that leads."""
    patience: timedelta = timedelta(0)
    """Not before the database has answered for so long: of those whom it judges by their silence, who lives must have
    had the time to say so."""
    next_at: float = field(default=0.0)


def duties() -> list[Duty]:
    return [
        Duty("database", 1, _ask_database, everywhere=True),
        Duty("reap", 1, recovery.reap, everywhere=True, patience=reaper.SILENCE),
        Duty("dispatch", 1, lambda _here, _now: dispatch.dispatch()),
        Duty("requeue", 2, requeue.requeue),
        Duty("deployments", 2, lambda _here, _now: deployments.advance()),
        Duty("schedules", 1, schedules.tick),
        Duty("alertmanager", 2, alertmanager.Sync()),
        Duty("silent devices", 3, _mark_silent, patience=status.OUTAGE_PATIENCE),
        Duty("healing", healing.EVERY_SECONDS, healing.tick, patience=healing.PATIENCE),
        Duty("transient alerts", healing.TRANSIENT_EVERY_SECONDS, healing.acknowledge_transient),
        Duty("patterns", healing.PATTERNS_EVERY_SECONDS, lambda here, _now: here.work.wake(healing.LOOK_FOR_PATTERNS)),
        Duty("summary", healing.SUMMARY_EVERY_SECONDS, healing.wake_summary),
        Duty("approvals", 10, _expire_approvals),
        Duty("mailboxes", 30, _expire_mail),
        Duty("reports", 60, lambda here, _now: here.work.make_reports()),
        Duty("retention", 3600, lambda here, _now: here.work.wake(RETENTION)),
        Duty("audit", 6 * 3600, lambda here, _now: here.work.wake(CHECK_AUDIT)),
    ]


class Clock:
    """The clock of one machine."""

    def __init__(self, here: JobContext) -> None:
        self._here = here
        self._name = secrets.token_hex(8)
        self._duties = duties()
        self._database_since: float | None = None
        """Monotonic seconds: since then it has answered every time, and only while it does can anybody be heard."""
        self._away = ""

    def tick(self, now: datetime, monotonic_seconds: float) -> None:
        """Do what is due. What fails is logged, and tried again the next time."""
        leads = self._leads()
        for duty in self._duties:
            if duty.next_at > monotonic_seconds or not (leads or duty.everywhere):
                continue
            duty.next_at = monotonic_seconds + duty.every_seconds
            if self._heard_for(monotonic_seconds) >= duty.patience:
                self._do(duty, now)

    def _do(self, duty: Duty, now: datetime) -> None:
        try:
            duty.do(self._here, now)
        except DBAPIError as error:
            self._database_since = None
            self._lost(f"the database: {error.orig}", duty)
        except redis.RedisError as error:
            self._lost(f"Redis: {error}", duty)
        except Exception:  # a duty that is broken must not keep the others, and all that wait for them, from being done
            log.exception("the clock could not do its duty %r", duty.name)
        else:
            self._away = ""

    def _lost(self, what: str, duty: Duty) -> None:
        """Said once, not every second."""
        if what != self._away:
            log.warning("the clock cannot do %r without %s", duty.name, what)
            self._away = what

    def _heard_for(self, monotonic_seconds: float) -> timedelta:
        """How long workers and Pis have been able to tell that they live: since the start, or the last outage."""
        if self._database_since is None:
            self._database_since = monotonic_seconds
        return timedelta(seconds=monotonic_seconds - self._database_since)

    def _leads(self) -> bool:
        """Whether this clock is the one that does it all. Without Redis every clock is: nothing is harmed by it."""
        try:
            if self._here.redis.set(LOCK, self._name, nx=True, ex=LOCK_SECONDS):
                return True
            return bool(self._here.redis.eval(_RENEW, 1, LOCK, self._name, LOCK_SECONDS))
        except redis.RedisError:
            return True


def run() -> None:
    """The clock of this process, until it is to stop."""
    here = context()
    clock, tidied = Clock(here), False
    while not STOPPING.wait(TICK_SECONDS):
        tidied = tidied or _tidy(here)
        clock.tick(datetime.now(UTC), time.monotonic())


def _tidy(here: JobContext) -> bool:
    try:
        recovery.tidy(here)
    except DBAPIError as error:
        log.warning("what slices have left behind is looked at later: %s", error.orig)
        return False
    return True


def _ask_database(here: JobContext, _now: datetime) -> None:
    """A clock that does not lead asks for little else, and would not notice that the database was away."""
    with here.session() as session:
        session.execute(sa.select(1))


def _mark_silent(here: JobContext, now: datetime) -> None:
    with here.session() as session:
        status.mark_silent(session, now)


def _expire_approvals(here: JobContext, now: datetime) -> None:
    with here.session() as session:
        approvals.expire(session, now)


def _expire_mail(here: JobContext, now: datetime) -> None:
    with here.session() as session:
        mailbox.expire(session, now)
        session.commit()
