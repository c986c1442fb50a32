"""What a run changed, or in check mode would change: the same difference on many hosts is told once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from control_ui.models import HostResult
from control_ui.models.scope import ScopedSession

CONTEXT_LINES = 3


@dataclass(frozen=True)
class Effect:
    """One difference of a task, as lines of a unified diff, and the hosts that have it: `[(device id, name), ...]`."""

    task: str
    file: str
    lines: tuple[str, ...]
    hosts: list[tuple[int, str]]


def of_run(session: ScopedSession, run_id: int) -> list[Effect]:
    """Of all hosts, in the order of their tasks; redacted, as it is stored."""
    query = sa.select(HostResult.device_id, HostResult.host, HostResult.diffs)
    found: dict[tuple[str, str, tuple[str, ...]], Effect] = {}
    for device_id, host, diffs in session.execute(query.where(HostResult.run_id == run_id).order_by(HostResult.id)):
        for effect in of_diffs(diffs, device_id, host):
            same = found.setdefault((effect.task, effect.file, effect.lines), effect)
            if same is not effect:
                same.hosts.extend(effect.hosts)
    return list(found.values())


def of_diffs(diffs: Sequence[Any], device_id: int, host: str) -> list[Effect]:
    """Of one host, by what is kept in its `diffs`."""
    made = (item for item in diffs if isinstance(item, dict))
    return [Effect(str(item.get("task", "")), _file(item), tuple(unified(item)), [(device_id, host)]) for item in made]


def unified(item: dict[str, Any]) -> Iterable[str]:
    """A difference as the lines of a unified diff, without the two lines that name the files."""
    if prepared := item.get("prepared"):
        return str(prepared).splitlines()
    before, after = (str(item.get(side) or "").splitlines() for side in ("before", "after"))
    return list(difflib.unified_diff(before, after, lineterm="", n=CONTEXT_LINES))[2:]


def _file(item: dict[str, Any]) -> str:
    return str(item.get("after_header") or item.get("before_header") or "")
