"""One site with a past worth looking at: lines, a diagnosis, configurations with their layers, rollback points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import (
    ConfigVersion,
    Device,
    DeviceLog,
    DeviceStatusChange,
    HostResult,
    RollbackPoint,
    Run,
    RunEvent,
    RunSlice,
)
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import HostOutcome, HostProgress, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.configuration import desire, versions
from control_ui.services.site.diagnosis import REPORT_TASK

LINES = (
    ("stream", 6, "connected to the camera, first keyframe after 1.2 s"),
    ("stream", 4, "no picture for 24 s: the camera is connected but sends none"),
    ("stream", 3, "ffmpeg ended unexpectedly, starting it again in 4 s"),
    ("snapshot", 6, "GET /api/snapshot 200 in 2 ms, key till-1"),
    ("agent", 6, "checked in: configuration 3 is in force"),
)
REPORT = """Report on {name}, address 192.0.2.7

== System ==
{name}, Linux 6.1.21 aarch64, Debian GNU/Linux 12 (bookworm)
Raspberry Pi 4 Model B Rev 1.4
 05:06:07 up 41 days,  3:12,  0 users,  load average: 0.52, 0.48, 0.44

== Clock ==
NTPSynchronized=yes

== Units ==
carwash-stream: ActiveState=active SubState=running NRestarts=2 MemoryCurrent=88342528
carwash-snapshot: ActiveState=active SubState=running NRestarts=0 MemoryCurrent=51318784

== Camera ==
rtsp://viewer:***@192.0.2.10:554/
3 packets transmitted, 3 received, 0% packet loss, time 603ms
port 554 answers after 2 ms
"""


def enrich(session: ScopedSession, device: Device, now: datetime) -> Device:
    """Two versions of its template's configuration, the newer one on its way, and what else there is to see."""
    device.config_override = {"jpeg_quality": 90}
    template = session.scalars(
        sa.select(ConfigVersion).where(ConfigVersion.device_id == device.id, ConfigVersion.number == 2)
    ).one().template_version  # fmt: skip

    def made(reason: str) -> ConfigVersion:
        url = "https://control.example"
        return versions.make(session, device, template, control_url=url, actor=system("demo"), reason=reason, now=now)

    in_force = made("Sharper pictures for the number plates")
    device.state.config_version = in_force.number
    device.state.report = {"status": {"snapshot": {"age_seconds": 4.0}}, "stream": {"status": "streaming"}}
    session.flush()
    device.config_override = {"jpeg_quality": 90, "snapshot_interval_seconds": 6}
    wanted = made("Fresher pictures at the entrance")
    expires_at = now + timedelta(days=7)
    desire.want(session, device, wanted, expires_at=expires_at, now=now - timedelta(minutes=2))
    _logs(session, device, now)
    _flapping(session, device, now)
    run = diagnosed(session, device, now - timedelta(minutes=30))
    restart = _run(session, device, "restart", now - timedelta(hours=5))
    session.add(
        RollbackPoint(
            tenant_id=device.tenant_id, run_id=restart.id, device_id=device.id,
            config_version_id=_first(session, device),
            config_number=1, release="1.3.2", created_at=run.requested_at,
        )
    )  # fmt: skip
    session.commit()
    return device


def diagnosed(session: ScopedSession, device: Device, at: datetime, *, over: bool = True) -> Run:
    """A diagnosis with its report, or (not `over`) one that has only begun."""
    run = _run(session, device, "diagnose", at, over=over)
    part = session.scalars(sa.select(RunSlice).where(RunSlice.run_id == run.id)).one()
    event(session, run, part, device, 1, "Collect", "ok", {"changed": False})
    if over:
        report(session, run, part, device)
    return run


def report(session: ScopedSession, run: Run, part: RunSlice, device: Device) -> None:
    """What the site said, as the last task returns it."""
    event(session, run, part, device, 2, REPORT_TASK, "ok", {"msg": REPORT.format(name=device.name)})


def event(
    session: ScopedSession, run: Run, part: RunSlice, device: Device, counter: int, task: str, outcome: str,
    result: dict[str, Any],
) -> None:  # fmt: skip
    session.add(
        RunEvent(
            tenant_id=run.tenant_id, run_id=run.id, slice_id=part.id, counter=counter, at=run.requested_at,
            kind="runner_on_ok", host=device.name, play="Diagnose the sites", task=task, outcome=outcome,
            stdout=f"TASK [{task}]\n{outcome}: [{device.name}]", result=result,
        )
    )  # fmt: skip
    session.flush()


def _run(session: ScopedSession, device: Device, playbook: str, at: datetime, *, over: bool = True) -> Run:
    run = Run(
        tenant_id=device.tenant_id, playbook=playbook, target={"device_ids": [device.id]}, mutating=False, forks=1,
        state=RunState.SUCCEEDED if over else RunState.RUNNING, requested_by="operator@blue-wave.test",
        requested_at=at, started_at=at, finished_at=at + timedelta(seconds=9) if over else None,
    )  # fmt: skip
    session.add(run)
    session.flush()
    part = RunSlice(
        tenant_id=run.tenant_id, run_id=run.id, number=1, started_at=at,
        state=SliceState.FINISHED if over else SliceState.RUNNING, heartbeat_at=at + timedelta(days=1),
    )  # fmt: skip
    session.add(part)
    session.flush()
    session.add(
        HostResult(
            tenant_id=run.tenant_id, run_id=run.id, slice_id=part.id, device_id=device.id, host=device.name,
            progress=HostProgress.DONE if over else HostProgress.IN_FLIGHT,
            outcome=HostOutcome.OK if over else None,
        )
    )  # fmt: skip
    session.flush()
    return run


def _first(session: ScopedSession, device: Device) -> int:
    query = sa.select(ConfigVersion.id).where(ConfigVersion.device_id == device.id, ConfigVersion.number == 1)
    return session.scalars(query).one()


def _logs(session: ScopedSession, device: Device, now: datetime, count: int = 300) -> None:
    session.add_all(
        DeviceLog(
            tenant_id=device.tenant_id, device_id=device.id, entry_id=f"{number:064x}",
            at=now - timedelta(seconds=11 * number), unit=f"carwash-{unit}.service", priority=priority, message=message,
        )
        for number in range(count)
        for unit, priority, message in [LINES[number % len(LINES)]]
    )  # fmt: skip


def _flapping(session: ScopedSession, device: Device, now: datetime) -> None:
    changes: Sequence[tuple[float, DeviceStatus, list[str]]] = (
        (30, DeviceStatus.DEGRADED, ["no picture: the camera refuses the connection"]),
        (28, DeviceStatus.ONLINE, []),
        (11, DeviceStatus.OFFLINE, ["it does not check in"]),
        (9.5, DeviceStatus.ONLINE, []),
    )
    session.add_all(
        DeviceStatusChange(
            tenant_id=device.tenant_id, device_id=device.id, at=now - timedelta(hours=hours), status=status,
            reasons=reasons,
        )
        for hours, status, reasons in changes
    )  # fmt: skip
