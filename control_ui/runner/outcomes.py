"""Folds the events of a run into what came of each host."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from control_ui.runner.events import HOST_ENDS, STATS, Event
from control_ui.runner.trimming import RESULT_BYTES, fit_text

STOPPED = "The play was ended before this host was through, because too many hosts had failed."
_COUNTS = ("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored")
_MESSAGE_CHARACTERS = 4096
_ITEMS_FAILED = "One or more items failed"


@dataclass(frozen=True)
class HostResult:
    """What came of one host so far.

    `outcome` is `ok`, `changed`, `failed`, `unreachable`, `skipped` (every task was), or None while a task is under way
    on it, which is then named by `task`. `finished` is whether nothing more can come: of a run that was ended from
    outside, the hosts that are not finished were interrupted, between two tasks at best. `message` has the words of the
    failure that stands, `diffs` (see diffs.py) the task's name with each, `counts` Ansible's own numbers.
    """

    host: str
    outcome: str | None
    finished: bool
    task: str
    counts: dict[str, int]
    message: str
    diffs: list[dict[str, str]]
    started_at: datetime
    finished_at: datetime | None


@dataclass
class _Host:
    """The host as it stands between two events."""

    started_at: datetime
    last_at: datetime
    play: str
    task: str = ""
    final: bool = False
    failed_in: str | None = None
    stopped: bool = False
    message: str = ""
    item_message: str = ""
    diffs: list[dict[str, str]] = field(default_factory=list)
    diff_characters: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTS, 0))


class Outcomes:
    """Takes the events of one run in their order. Ignored failures are none. Whether a failure was rescued is known
    only from `playbook_on_stats`, or from the host's part in a later play; until then a failure stands.
    """

    def __init__(self) -> None:
        self.complete = False
        """Whether `playbook_on_stats` has arrived: the run came to its own end."""
        self._hosts: dict[str, _Host] = {}
        self._batch: set[str] = set()
        self._touched: set[str] = set()

    def add(self, event: Event) -> None:
        if event.kind == "playbook_on_play_start":
            self._end_batch(event.created_at)
        elif event.kind == "playbook_on_no_hosts_remaining":
            self._stop_batch()
        elif event.kind == STATS:
            self._settle(event)
        elif event.host is not None:
            self._on_host(event, event.host)

    def results(self) -> dict[str, HostResult]:
        """Every host that has been heard of, by name."""
        return {name: _result(name, host) for name, host in self._hosts.items()}

    def take_touched(self) -> dict[str, HostResult]:
        """The hosts of which something was heard since this was last called."""
        touched, self._touched = self._touched, set()
        return {name: _result(name, self._hosts[name]) for name in touched}

    def _on_host(self, event: Event, name: str) -> None:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(event.created_at, event.created_at, event.play)
        self._batch.add(name)
        self._touched.add(name)
        if host.failed_in is not None and host.failed_in != event.play:
            host.failed_in, host.message = None, ""  # a failed host takes part in a later play only if it was rescued
        host.play, host.last_at, host.final = event.play, event.created_at, False
        if event.kind == "runner_on_start":
            host.task = event.task
        elif event.kind == "runner_item_on_failed" and not host.item_message:
            host.item_message = _words(event.result)
        elif event.kind in HOST_ENDS:
            _end_task(host, event)
        _keep_diffs(host, event)

    def _end_batch(self, at: datetime) -> None:
        """Another play, or the next batch of the same, begins: the hosts of the one before are through with it."""
        for name in self._batch:
            self._hosts[name].final = True
        self._touched |= self._batch
        self._batch = set()

    def _stop_batch(self) -> None:
        for name in self._batch:
            host = self._hosts[name]
            if host.failed_in is None and not host.counts["unreachable"]:
                host.stopped = True
                self._touched.add(name)

    def _settle(self, event: Event) -> None:
        """Ansible's own count is the last word."""
        self.complete = True
        for name in event.result["processed"]:
            self._hosts.setdefault(name, _Host(event.created_at, event.created_at, event.play))
        for name, host in self._hosts.items():
            counts = {kind: event.result["dark" if kind == "unreachable" else kind].get(name, 0) for kind in _COUNTS}
            host.counts, host.task, host.final = counts, "", True
            host.failed_in = (host.failed_in or host.play) if counts["failures"] else None
        self._touched = set(self._hosts)


def _end_task(host: _Host, event: Event) -> None:
    host.task = ""
    outcome = HOST_ENDS[event.kind]
    if outcome == "failed" and event.ignored_failure:
        host.counts["ok"] += 1
        host.counts["ignored"] += 1
    elif outcome == "failed":
        host.counts["failures"] += 1
        host.failed_in, host.message = event.play, _failure(host, event)
    elif outcome == "unreachable":
        host.counts["unreachable"] += 1
        host.message = _words(event.result)
    else:
        host.counts[outcome] += 1
        host.counts["changed"] += event.changed
    host.item_message = ""


def _failure(host: _Host, event: Event) -> str:
    words = _words(event.result)
    reason = host.item_message if words.startswith(_ITEMS_FAILED) and host.item_message else words
    return f"{event.task}: {reason}" if event.task else reason


def _words(result: dict[str, Any]) -> str:
    """Why a task failed, in the module's own words."""
    parts = (result.get(name) for name in ("msg", "stderr", "module_stderr", "stdout", "module_stdout", "censored"))
    said = [str(part).strip() for part in parts if part and str(part).strip()]
    if not said:
        return "failed without a word"
    # `command` and its kin say only "non-zero return code" themselves.
    useful = said[:2] if said[0] == "non-zero return code" else said[:1]
    return fit_text(": ".join(useful), _MESSAGE_CHARACTERS)


def _keep_diffs(host: _Host, event: Event) -> None:
    for difference in event.diff:
        host.diff_characters += sum(map(len, difference.values()))
        if host.diff_characters <= RESULT_BYTES:
            host.diffs.append({"task": event.task} | difference)
        elif not host.diffs or "left out" not in host.diffs[-1].get("prepared", ""):
            host.diffs.append({"task": event.task, "prepared": "[further differences left out]\n"})


def _result(name: str, host: _Host) -> HostResult:
    outcome = _outcome(host)
    failed = outcome in ("failed", "unreachable")
    finished = host.final or failed
    return HostResult(
        host=name,
        outcome=outcome,
        finished=finished,
        task=host.task,
        counts=dict(host.counts),
        message=(host.message or (STOPPED if host.stopped else "")) if failed else "",
        diffs=list(host.diffs),
        started_at=host.started_at,
        finished_at=host.last_at if finished else None,
    )


def _outcome(host: _Host) -> str | None:
    counts = host.counts
    if host.task:
        return None
    if counts["unreachable"]:
        return "unreachable"
    if host.failed_in is not None or host.stopped:
        return "failed"
    if counts["changed"] or counts["ok"]:
        return "changed" if counts["changed"] else "ok"
    return "skipped" if counts["skipped"] else "ok"
