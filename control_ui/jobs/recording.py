"""From the events of a slice to rows: cleaned, folded into what came of each host, and stored."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from typing import Any

from control_ui.jobs.context import JobContext
from control_ui.models.runs import HostOutcome, HostProgress
from control_ui.models.scope import Scope
from control_ui.runner.events import Event
from control_ui.runner.outcomes import HostResult, Outcomes
from control_ui.services.runs import recording
from control_ui.services.runs.masking import Masker
from control_ui.services.runs.slices import Claimed

BATCH = 1000
NOT_MEANT = "no play of this playbook is for this host"
_LONGEST_KIND = 48
_LONGEST_HOST = 63


@dataclasses.dataclass
class Batch:
    """Rows that are stored together."""

    events: list[dict[str, Any]]
    hosts: list[dict[str, Any]]
    finished_hosts: list[dict[str, Any]]
    """These have their diffs, which are too much to be written again and again."""


class SliceRecord:
    """What is known of one slice so far."""

    def __init__(self, claimed: Claimed, passwords: Iterable[str]) -> None:
        self._claimed = claimed
        self._masker = Masker(passwords)
        self._outcomes = Outcomes()
        self._labels: dict[str, str] = dict.fromkeys(claimed.hosts, HostProgress.PENDING.value)
        self.task = ""
        """The task that began last."""

    @property
    def complete(self) -> bool:
        """Whether Ansible came to its own end."""
        return self._outcomes.complete

    @property
    def counts(self) -> dict[str, int]:
        """Hosts by outcome, those without one by progress."""
        return dict(Counter(self._labels.values()))

    def clean(self, text: str) -> str:
        """A text that may be stored and shown."""
        return str(self._masker.clean(text))

    def take(self, events: Iterable[Event]) -> Batch:
        """The next events in their order, as rows, with the hosts they tell of."""
        rows = []
        for event in events:
            event = dataclasses.replace(event, **self._masker.clean(_free_fields(event)))
            self._outcomes.add(event)
            if event.kind == "playbook_on_task_start":
                self.task = event.task
            rows.append(self._event_row(event))
        touched = self._outcomes.take_touched().values()
        for host in (host for host in touched if host.host in self._labels):
            self._labels[host.host] = host.outcome if host.finished and host.outcome else HostProgress.IN_FLIGHT.value
        return Batch(
            rows,
            [self._host_row(host) for host in touched if not host.finished],
            [self._host_row(host) | {"diffs": host.diffs} for host in touched if host.finished],
        )

    def last(self) -> Batch:
        """What there is to say of hosts once no event can come: what was under way, and whom no play was for."""
        results = self._outcomes.results()
        under_way = [host for host in results.values() if not host.finished]
        unmentioned = [host for host in self._claimed.hosts if host not in results] if self.complete else []
        self._labels |= dict.fromkeys(unmentioned, HostOutcome.SKIPPED.value)
        return Batch(
            [],
            [],
            [self._host_row(host) | {"diffs": host.diffs} for host in under_way]
            + [self._skipped_row(host) for host in unmentioned],
        )

    def _event_row(self, event: Event) -> dict[str, Any]:
        return {
            "slice_id": self._claimed.slice_id,
            "counter": event.counter,
            "at": event.created_at,
            "run_id": self._claimed.run_id,
            "tenant_id": self._claimed.tenant_id,
            "kind": event.kind[:_LONGEST_KIND],
            "host": None if event.host is None else event.host[:_LONGEST_HOST],
            "play": event.play,
            "task": event.task,
            "outcome": event.outcome,
            "duration_seconds": event.duration_seconds,
            "stdout": event.stdout,
            "result": event.result,
        }

    def _host_row(self, host: HostResult) -> dict[str, Any]:
        done = host.finished and host.outcome is not None
        return {
            "run_id": self._claimed.run_id,
            "host": host.host,
            "progress": HostProgress.DONE if done else HostProgress.IN_FLIGHT,
            "outcome": HostOutcome(host.outcome) if done and host.outcome else None,
            "counts": host.counts,
            "message": host.message,
            "started_at": host.started_at,
            "finished_at": host.finished_at if done else None,
        }

    def _skipped_row(self, host: str) -> dict[str, Any]:
        return {
            "run_id": self._claimed.run_id,
            "host": host,
            "progress": HostProgress.DONE,
            "outcome": HostOutcome.SKIPPED,
            "counts": {},
            "message": NOT_MEANT,
            "started_at": None,
            "finished_at": None,
            "diffs": [],
        }


def store(here: JobContext, claimed: Claimed, batch: Batch) -> None:
    """Raises sqlalchemy.exc.DBAPIError while the database is away; storing it once more does no harm."""
    with here.session(Scope(claimed.tenant_id)) as session:
        recording.store(session, batch.events, batch.hosts, batch.finished_hosts)


def _free_fields(event: Event) -> dict[str, Any]:
    """Those that hold what people, modules and Pis say."""
    return {
        "play": event.play,
        "task": event.task,
        "stdout": event.stdout,
        "result": event.result,
        "diff": event.diff,
    }
