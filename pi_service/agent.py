"""The agent of a Pi: looks around every few seconds, heals, tells, and lets a thread talk to the control plane."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from pi_service import __version__, sd_notify, status_report
from pi_service.atomic_files import write_json
from pi_service.clock import boottime_seconds, rfc3339, wall_now
from pi_service.configuration.apply_record import ApplyRecord
from pi_service.configuration.live import LiveConfig
from pi_service.healing.actions import PiActions
from pi_service.healing.clock_sync import ClockSync
from pi_service.healing.conditions import TOO_HOT, Condition, Observation, find_conditions
from pi_service.healing.lookout import Lookout
from pi_service.healing.record import HealingRecord, read_boot_id
from pi_service.health_monitor import HealthMonitor
from pi_service.paths import Paths, listen_address
from pi_service.self_healing import Pace, SelfHealing
from pi_service.snapshot_cache import SnapshotReader
from pi_service.sync.backlog import MAX_BYTES, Backlog
from pi_service.sync.config_pull import ConfigPull
from pi_service.sync.control_sync import ControlSync
from pi_service.sync.journal import Journal
from pi_service.sync.mailbox import Mailbox
from pi_service.sync.outbox import Outbox

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0
TRIMMED_BACKLOG_BYTES = MAX_BYTES // 8


@dataclass(frozen=True)
class _View:
    """The last look around and what it meant. `since` tells by condition name when each began (RFC 3339)."""

    seen: Observation | None = None
    conditions: list[Condition] = field(default_factory=list)
    since: dict[str, str] = field(default_factory=dict)

    def conditions_document(self) -> list[dict[str, str]]:
        return [{**asdict(condition), "since": self.since[condition.name]} for condition in self.conditions]


class Agent:
    """Everything the agent unit does, apart from waiting."""

    def __init__(
        self, paths: Paths, *, journal: Journal | None = None, boottime: Callable[[], float] = boottime_seconds
    ) -> None:
        """Raises OSError where the state directory cannot be used, ValueError for a bad CARWASH_LISTEN."""
        self.paths = paths
        self.live = LiveConfig(paths)
        self._boot_id = read_boot_id()
        self._boottime = boottime
        self._lookout = Lookout(paths, self.live, HealthMonitor(paths), ClockSync(boottime), listen_address())
        self._backlog = Backlog(paths.backlog_dir)
        self.actions = PiActions(paths, lambda: self._backlog.trim(TRIMMED_BACKLOG_BYTES))
        self._record = HealingRecord(paths.state_dir / "self-healing.json", self._boot_id)
        self._healing = SelfHealing(self._record, self.actions, boottime)
        self._reader = SnapshotReader(paths, boottime)
        self._view = _View()
        self.pull = ConfigPull(paths, boottime)
        self.sync = ControlSync(
            self.live,
            Outbox(self._backlog, journal or Journal(), paths.state_dir / "journal-cursor.json", boottime),
            self.pull,
            Mailbox(paths.state_dir / "mailbox.json", self.actions, lambda: status_report.gather(paths)),
            self.report,
        )

    @property
    def exit_wanted(self) -> bool:
        """Whether the agent has decided to be started anew."""
        return self.actions.exit_wanted

    def tick(self) -> None:
        """Look, heal, tell."""
        seen = self._lookout.look(self._boottime())
        config = self.live.current()
        if config is not None:
            pace = _pace(seen)
            was_hot = TOO_HOT in self._view.since or (pace is not None and pace.throttled)
            self._notice(seen, find_conditions(seen, config, was_hot=was_hot))
            self._healing.tend(config, self._view.conditions, pace)
        else:
            self._notice(seen, [])
        try:
            write_json(self.paths.agent_state, self.document(), durable=False)
        except OSError as error:
            log.error("%s cannot be written: %s", self.paths.agent_state, error)

    def sentence(self) -> str:
        """For `systemctl status`."""
        wrong = ", ".join(condition.name for condition in self._view.conditions) or "all well"
        control = {True: "control plane reached", False: "control plane not reached", None: "working alone"}
        return f"{wrong}; {control[self.sync.status.reachable]}"

    def document(self) -> dict[str, Any]:
        """The JSON object of `agent.json`."""
        return {
            "actions": self._record.action_counts(),
            "conditions": self._view.conditions_document(),
            "clock_synchronised": self._view.seen.clock_synchronised if self._view.seen is not None else None,
            "control": {
                "reachable": self.sync.status.reachable,
                "last_success_at": self.sync.status.last_success_at,
                "fault": self.sync.status.fault,
                "backlog_entries": len(self._backlog),
            },
            "updated_boottime": self._boottime(),
        }

    def report(self) -> dict[str, Any]:
        """What a check-in tells of this Pi: `{status, stream, metrics}`. Called from the thread of the check-ins."""
        view = self._view
        stream = view.seen.stream if view.seen is not None else None
        status = {
            "release": __version__,
            "boot_id": self._boot_id,
            "uptime_seconds": round(self._boottime()),
            "clock_synchronised": view.seen.clock_synchronised if view.seen is not None else None,
            "conditions": view.conditions_document(),
            "actions": self._record.action_counts(),
            "config_fault": self.live.fault,
            "last_apply": ApplyRecord(self.paths).read()["last"],
            "backlog": {"entries": len(self._backlog), "dropped_entries": self._backlog.dropped_entries},
            "snapshot": self._snapshot(),
        }
        metrics = view.seen.health.document() if view.seen is not None else None
        document = {**stream.document, "quiet": stream.quiet} if stream is not None else None
        return {"status": status, "stream": document, "metrics": metrics}

    def _snapshot(self) -> dict[str, Any] | None:
        """The evidence that pictures are being taken, and by which configuration."""
        snapshot = self._reader.current()
        if snapshot is None:
            return None
        now = self._boottime()
        return {
            "sequence": snapshot.sequence,
            "captured_at": rfc3339(snapshot.captured_at(wall_now(), now)),
            "age_seconds": round(snapshot.age_seconds(now), 3),
            "size_bytes": snapshot.size_bytes,
            "config_version": snapshot.config_version,
        }

    def _notice(self, seen: Observation, conditions: list[Condition]) -> None:
        """Remember since when each condition holds; log those that come and go."""
        before, now = self._view.since, rfc3339(wall_now())
        for condition in conditions:
            if condition.name not in before:
                log.warning("condition %s: %s", condition.name, condition.detail)
        for name in before.keys() - {condition.name for condition in conditions}:
            log.info("condition %s is over", name)
        since = {condition.name: before.get(condition.name, now) for condition in conditions}
        self._view = _View(seen, conditions, since)


def _pace(seen: Observation) -> Pace | None:
    """How often the stream takes pictures, where it says so."""
    if seen.stream is None or seen.stream.quiet:
        return None
    interval = seen.stream.document.get("interval_seconds")
    if not isinstance(interval, int | float):
        return None
    return Pace(float(interval), bool(seen.stream.document.get("throttled")))


def main() -> int:
    """Run until SIGTERM. Returns the exit code; 1 also where the thread of the check-ins has died."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        agent = Agent(Paths.from_environment())
    except (OSError, ValueError) as error:
        log.error("the agent cannot start: %s", error)
        return 1
    syncing = threading.Thread(target=agent.sync.run, args=[stop], name="control-sync", daemon=True)
    syncing.start()
    notifier = sd_notify.Notifier()
    while not stop.is_set() and not agent.exit_wanted:
        if not syncing.is_alive():
            log.error("the thread that talks to the control plane has died; ending, to be started anew")
            return 1
        agent.tick()
        notifier.status(agent.sentence())
        notifier.ready()
        sd_notify.watchdog()
        stop.wait(TICK_SECONDS)
    sd_notify.stopping("Stopping")
    return 0
