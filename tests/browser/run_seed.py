"""A run with its hosts, their differences and its events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, HostResult, Run, RunEvent, RunSlice
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import HostOutcome, HostProgress, RunState, SliceState
from control_ui.models.scope import ScopedSession


def ran(session: ScopedSession, devices: list[Device], playbook: str, state: RunState, at: datetime, tasks: int) -> Run:
    run = Run(
        tenant_id=devices[0].tenant_id, playbook=playbook, target={"device_ids": [one.id for one in devices]},
        mutating=state != RunState.RUNNING, forks=50, state=state, reason="planned work",
        requested_by="operator@blue-wave.test", requested_at=at, started_at=at + timedelta(seconds=1),
        finished_at=None if state == RunState.RUNNING else at + timedelta(seconds=95), revision="a" * 40,
    )  # fmt: skip
    session.add(run)
    session.flush()
    over = state != RunState.RUNNING
    part = RunSlice(
        tenant_id=run.tenant_id, run_id=run.id, number=1, state=SliceState.FINISHED if over else SliceState.RUNNING,
        worker="worker-1:77", started_at=run.started_at, heartbeat_at=at + timedelta(days=1),
        finished_at=run.finished_at,
    )  # fmt: skip
    session.add(part)
    session.flush()
    results = [_result(run, part, device, place, over) for place, device in enumerate(devices)]
    session.execute(sa.insert(HostResult), results)
    counts: dict[str, int] = {"total": len(devices)}
    for result in results:
        word = str(result["outcome"] or result["progress"])
        counts[word] = counts.get(word, 0) + 1
    run.counts = counts
    _events(session, run, part, devices, tasks)
    return run


def _result(run: Run, part: RunSlice, device: Device, place: int, over: bool) -> dict[str, Any]:
    outcome = HostOutcome.CHANGED if place % 3 else HostOutcome.OK
    if device.state.status in (DeviceStatus.OFFLINE, DeviceStatus.NEVER_SEEN):
        outcome = HostOutcome.UNREACHABLE
    elif place % 50 == 7 and run.state in (RunState.PARTIAL, RunState.FAILED):
        outcome = HostOutcome.FAILED
    done = over or place % 2 == 0
    trouble = {
        HostOutcome.FAILED: "Wait for a fresh picture: none within 30 s",
        HostOutcome.UNREACHABLE: "ssh: no route to host",
    }
    return {
        "tenant_id": run.tenant_id, "run_id": run.id, "slice_id": part.id, "device_id": device.id, "host": device.name,
        "progress": HostProgress.DONE if done else HostProgress.IN_FLIGHT, "outcome": outcome if done else None,
        "counts": {"ok": 18, "changed": 2}, "message": trouble.get(outcome, "") if done else "",
        "diffs": [
            {"task": "Write the configuration", "before_header": "config.json", "after_header": "config.json",
             "before": "snapshot_interval_seconds: 12\n", "after": "snapshot_interval_seconds: 10\n"}
        ] if outcome == HostOutcome.CHANGED else [],
        "started_at": run.started_at, "finished_at": run.finished_at if done else None,
    }  # fmt: skip


def _events(session: ScopedSession, run: Run, part: RunSlice, devices: list[Device], tasks: int) -> None:
    assert run.started_at is not None
    rows: list[dict[str, Any]] = []
    for number in range(tasks):
        task = f"Task number {number + 1} of the playbook"
        for device in [None, *devices]:
            rows.append(
                {
                    "slice_id": part.id, "counter": len(rows) + 1, "tenant_id": run.tenant_id, "run_id": run.id,
                    "at": run.started_at + timedelta(milliseconds=len(rows)),
                    "kind": "runner_on_ok" if device else "playbook_on_task_start",
                    "host": device.name if device else None, "play": "Sites", "task": task,
                    "outcome": "ok" if device else None, "duration_seconds": 0.4 if device else None,
                    "stdout": f"ok: [{device.name}]" if device else f"\nTASK [{task}] ***",
                    "result": {"changed": False} if device else {},
                }
            )  # fmt: skip
    for start in range(0, len(rows), 2000):
        session.execute(sa.insert(RunEvent), rows[start : start + 2000])
