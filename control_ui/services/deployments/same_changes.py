"""Differences of many devices, those that are the same told once: 500 sites rarely change in 500 ways."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from control_ui.models import Deployment
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.diff import Change
from control_ui.services.deployments import differences
from control_ui.services.deployments.preview import Foreseen
from control_ui.services.pages import MOST_PER_PAGE


@dataclass(frozen=True)
class SameChanges:
    """What is done (`action` and `why`, of a rollback), what it changes, and where: `[(device id, name), ...]`."""

    action: str
    why: str
    changes: list[Change]
    devices: list[tuple[int, str]]


def of_deployment(session: ScopedSession, deployment: Deployment) -> list[SameChanges]:
    """Of all of its devices."""
    found: list[differences.DeviceDifference] = []
    cursor: str | None = None
    while True:
        page = differences.page(session, deployment, limit=MOST_PER_PAGE, cursor=cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            return _grouped(("", "", one.changes, one.device_id, one.device) for one in found)


def of_foreseen(foreseen: Iterable[Foreseen]) -> list[SameChanges]:
    """Of what a rollback would do."""
    return _grouped((one.action, one.why, one.changes, one.device_id, one.device) for one in foreseen)


def _grouped(rows: Iterable[tuple[str, str, list[Change], int, str]]) -> list[SameChanges]:
    found: dict[str, SameChanges] = {}
    for action, why, changes, device_id, name in rows:
        key = json.dumps([action, why, [asdict(change) for change in changes]], sort_keys=True)
        same = found.setdefault(key, SameChanges(str(action), why, changes, []))
        same.devices.append((device_id, name))
    return sorted(found.values(), key=lambda one: -len(one.devices))
