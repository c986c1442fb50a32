"""One of Ansible's events, as the control plane keeps it: small, bounded, and the same however it was read."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from control_ui.runner.diffs import differences
from control_ui.runner.trimming import fit, fit_text

STATS = "playbook_on_stats"
HOST_ENDS = {
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_on_skipped": "skipped",
}
"""The kinds of events with which a task ends on a host, and the outcome that each means, unless it is `changed`."""
_ITEM_ENDS = {"runner_item_on_ok": "ok", "runner_item_on_failed": "failed", "runner_item_on_skipped": "skipped"}
_OUTCOMES = HOST_ENDS | _ITEM_ENDS
_STATS_KINDS = ("ok", "changed", "failures", "dark", "skipped", "rescued", "ignored", "processed")
# Arguments may hold what nobody is to see, facts are large, the lines are in `stdout` and `stderr` already, and the
# items of a loop have events of their own.
_NOT_KEPT = frozenset({"invocation", "ansible_facts", "exception", "stdout_lines", "stderr_lines", "diff", "results"})


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is Ansible's name for what happened (`runner_on_ok`, `playbook_on_task_start`, `verbose` for loose lines).

    `counter` counts the events of a run from 1. `outcome` is `ok`, `changed`, `failed`, `unreachable` or `skipped`
    where a task or one item of its loop ended on a host, else None. `stdout` is the event's share of the output: all of
    them, joined by newlines, are the whole. `result` and `diff` (see diffs.py) hold at most 64 KiB each, but the
    result of `playbook_on_stats` is always whole: `{"ok": {host: n}, "failures": ..., "dark": ..., ...}`.
    """

    counter: int
    created_at: datetime
    kind: str
    uuid: str
    host: str | None = None
    play: str = ""
    task: str = ""
    outcome: str | None = None
    changed: bool = False
    ignored_failure: bool = False
    stdout: str = ""
    duration_seconds: float | None = None
    result: dict[str, Any] = field(default_factory=dict)
    diff: list[dict[str, str]] = field(default_factory=list)


_EMPTY: dict[str, Any] = {
    **{item.name: item.default for item in fields(Event) if item.default is not MISSING},
    "result": {},
    "diff": [],
}


def from_runner(raw: dict[str, Any]) -> Event:
    """The event that ansible-runner gave as `raw`."""
    data: dict[str, Any] = raw.get("event_data") or {}
    kind = raw.get("event") or "verbose"
    result: dict[str, Any] = data.get("res") or {}
    changed = bool(result.get("changed")) and _OUTCOMES.get(kind) == "ok"
    return Event(
        counter=raw["counter"],
        created_at=_moment(raw.get("created")),
        kind=kind,
        uuid=raw["uuid"],
        host=data.get("host"),
        play=data.get("play") or data.get("name", "") if kind == "playbook_on_play_start" else data.get("play") or "",
        task=data.get("task") or "",
        outcome="changed" if changed else _OUTCOMES.get(kind),
        changed=changed,
        ignored_failure=bool(data.get("ignore_errors")),
        stdout=fit_text(raw.get("stdout", "").replace("\r\n", "\n")),
        duration_seconds=data.get("duration"),
        result=_stats(data) if kind == STATS else _kept(kind, result),
        diff=[] if "results" in result else differences(result.get("diff")),
    )


def as_document(event: Event) -> dict[str, Any]:
    """The event as a JSON object, without what is empty."""
    document = {name: value for name in Event.__slots__ if (value := getattr(event, name)) != _EMPTY.get(name)}
    return document | {"created_at": event.created_at.isoformat()}


def from_document(document: dict[str, Any]) -> Event:
    """The event that `as_document` made the object from. Raises KeyError, TypeError or ValueError for anything else."""
    return Event(**document | {"created_at": datetime.fromisoformat(document["created_at"])})


def _moment(text: str | None) -> datetime:
    moment = datetime.fromisoformat(text) if text else datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stats(data: dict[str, Any]) -> dict[str, Any]:
    return {kind: data.get(kind) or {} for kind in _STATS_KINDS}


def _kept(kind: str, result: dict[str, Any]) -> dict[str, Any]:
    if not result:
        # ansible-runner's callback empties results above 700,000 characters; no task that ended says nothing at all.
        return {"cut": "the result was too large to be kept"} if kind in ("runner_on_ok", "runner_on_failed") else {}
    return fit({name: value for name, value in result.items() if name not in _NOT_KEPT and name[:9] != "_ansible_"})
