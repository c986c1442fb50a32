"""Decides what the Pi does about what is wrong with it: which action, when, and when to leave it alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pi_service.config import Config
from pi_service.healing import conditions as seen
from pi_service.healing.conditions import Condition
from pi_service.healing.record import HealingRecord

log = logging.getLogger(__name__)

RESTART_FFMPEG = "restart_ffmpeg"
RESTART_STREAM = "restart_stream"
RESTART_API = "restart_api"
RESTART_AGENT = "restart_agent"
VACUUM_JOURNAL = "vacuum_journal"
TRIM_BACKLOG = "trim_backlog"
RESTORE_CONFIG = "restore_config"
REBOOT = "reboot"
THROTTLE = "throttle"
UNTHROTTLE = "unthrottle"

OK = "ok"
FAILED = "failed"
SUPPRESSED = "suppressed"  # due, but self_healing.enabled is false, or a person has stopped the unit

THROTTLE_SHARE_OF_STALE = 2 / 3  # a longer interval would leave no time for a late picture before it counts as stale


@dataclass(frozen=True)
class Pace:
    """How often the stream takes pictures, by its own word, and whether we have slowed it down."""

    interval_seconds: float
    throttled: bool


class ActionError(Exception):
    """An action could not be carried out; the sentence says why."""


class StoppedByHandError(ActionError):
    """A person has stopped what the action would restart: it is left alone, and so is the rest of the ladder."""


class Actions(Protocol):
    """The hands of self-healing. Each method raises ActionError where it fails, and takes seconds at most."""

    def perform(self, action: str, why: str) -> None:
        """Carry out one of the actions above, apart from the two for the interval."""

    def set_interval(self, interval_seconds: float | None) -> None:
        """Take pictures at this interval, or (None) at the configured one again."""


@dataclass(frozen=True)
class Remedy:
    """Which ladder a condition climbs, with which steps, and how long it must have lasted before the first."""

    ladder: str
    steps: tuple[str, ...]
    patience_cooldowns: float = 0.0
    patience_seconds: float = 0.0


REMEDIES = {
    # The stream unit restarts a silent ffmpeg itself; we step in where that has not helped for a whole cooldown.
    seen.STREAM_SILENT: Remedy("stream", (RESTART_FFMPEG, RESTART_STREAM, REBOOT), patience_cooldowns=1),
    seen.STREAM_FROZEN: Remedy("stream", (RESTART_FFMPEG, RESTART_STREAM, REBOOT), patience_cooldowns=1),
    # systemd's watchdog comes first here as well.
    seen.STREAM_NOT_REPORTING: Remedy("stream", (RESTART_STREAM, REBOOT), patience_seconds=60),
    seen.API_NOT_ANSWERING: Remedy("api", (RESTART_API, REBOOT)),
    "stream_memory": Remedy("stream_memory", (RESTART_STREAM,), patience_seconds=30),
    "api_memory": Remedy("api_memory", (RESTART_API,), patience_seconds=30),
    "agent_memory": Remedy("agent_memory", (RESTART_AGENT,), patience_seconds=30),
    seen.DISK_NEARLY_FULL: Remedy("disk", (TRIM_BACKLOG, VACUUM_JOURNAL)),
    seen.CONFIG_DAMAGED: Remedy("config", (RESTORE_CONFIG,), patience_seconds=5),
}


class SelfHealing:
    """Tends the conditions it is told of. Time is the boot clock, in seconds."""

    def __init__(self, record: HealingRecord, actions: Actions, now: Callable[[], float]) -> None:
        self._record = record
        self._actions = actions
        self._now = now

    def tend(self, config: Config, conditions: Sequence[Condition], pace: Pace | None) -> None:
        """Do what is due now, one step a ladder at most.

        `pace` is None while the stream does not report.
        """
        by_ladder: dict[str, tuple[Remedy, Condition]] = {}
        for condition in conditions:
            remedy = REMEDIES.get(condition.name)
            if remedy is not None:
                by_ladder.setdefault(remedy.ladder, (remedy, condition))
        for name in sorted({*self._record.ladders, *by_ladder}):
            self._climb(config, name, by_ladder.get(name))
        if pace is not None:
            self._mind_temperature(config, conditions, pace)

    def _climb(self, config: Config, name: str, found: tuple[Remedy, Condition] | None) -> None:
        ladder, now = self._record.ladder(name), self._now()
        cooldown = config.self_healing.cooldown_seconds
        ladder.observe(faulty=found is not None, now=now, cooldown_seconds=cooldown)
        if found is None:
            return
        remedy, condition = found
        steps = [step for step in remedy.steps if step != REBOOT or config.self_healing.reboot]
        patience = remedy.patience_seconds + remedy.patience_cooldowns * cooldown
        step = ladder.due(steps, now=now, cooldown_seconds=cooldown, patience_seconds=patience)
        if step is None:
            return
        if not config.self_healing.enabled:
            ladder.last_step_at = now
            log.warning("%s would be due against %s, but self-healing is off", step, condition.name)
            self._record.count(step, SUPPRESSED)
            return
        ladder.take(step, steps, now)
        self._record.save()  # before the deed: a reboot must not be forgotten by the boot that follows
        if not self._perform(step, f"{condition.name}: {condition.detail}"):
            ladder.taken = []

    def _perform(self, step: str, why: str) -> bool:
        """Carry out one step. False where the next one must not follow."""
        log.warning("self-healing: %s, because of %s", step, why)
        try:
            self._actions.perform(step, why)
        except StoppedByHandError as error:
            log.warning("self-healing: %s", error)
            self._record.count(step, SUPPRESSED)
            return False
        except ActionError as error:
            log.error("self-healing: %s failed: %s", step, error)
            self._record.count(step, FAILED)
        else:
            self._record.count(step, OK)
        return True

    def _mind_temperature(self, config: Config, conditions: Sequence[Condition], pace: Pace) -> None:
        hot = next((condition for condition in conditions if condition.name == seen.TOO_HOT), None)
        wanted = throttled_interval_seconds(config)
        release = hot is None and pace.throttled
        lengthen = hot is not None and pace.interval_seconds < wanted and wanted > config.snapshot_interval_seconds
        ladder, now = self._record.ladder(THROTTLE), self._now()
        if not (release or lengthen) or not ladder.rested(now, config.self_healing.cooldown_seconds):
            return
        ladder.last_step_at = now
        action = UNTHROTTLE if release else THROTTLE
        if not config.self_healing.enabled:
            self._record.count(action, SUPPRESSED)
        elif hot is None:
            self._set_interval(action, None, "it has cooled down")
        else:
            self._set_interval(action, wanted, hot.detail)

    def _set_interval(self, action: str, interval_seconds: float | None, why: str) -> None:
        log.warning("self-healing: %s to %s s, because %s", action, interval_seconds or "the configured interval", why)
        try:
            self._actions.set_interval(interval_seconds)
        except ActionError as error:
            log.error("self-healing: %s failed: %s", action, error)
            self._record.count(action, FAILED)
        else:
            self._record.count(action, OK)


def throttled_interval_seconds(config: Config) -> float:
    """The interval of a Pi that is too hot: twice the configured one, at most two thirds of stale_after_seconds."""
    return min(2 * config.snapshot_interval_seconds, THROTTLE_SHARE_OF_STALE * config.stale_after_seconds)
