"""Diagnoses of a site: what the Pi tells when everything is asked, in sections, as soon as it is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis
import sqlalchemy as sa

from control_ui.models import Device, DeviceAction, HostResult, Run, RunEvent
from control_ui.models.runs import FINAL_RUN_STATES
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import NotFoundError
from control_ui.services.runs import output, progress

PLAYBOOK = "diagnose"
REPORT_TASK = "Return the report"
MOST_RUNS = 10
TAIL_LINES = 200
_HEADING = re.compile(r"^== (.+) ==$", re.M)


@dataclass(frozen=True)
class Section:
    title: str
    text: str


@dataclass(frozen=True)
class Diagnosis:
    """One run, as far as it is. `output` is Ansible's own, its last lines; all of it was redacted when it was
    stored."""

    run: Run
    host: HostResult
    over: bool
    tasks: list[str]
    sections: list[Section]
    output: str


def runs(session: ScopedSession, device: Device) -> Sequence[Run]:
    """The last diagnoses of this site, the newest first."""
    mine = sa.select(HostResult.run_id).where(HostResult.device_id == device.id)
    query = sa.select(Run).where(Run.playbook == PLAYBOOK, Run.id.in_(mine))
    return session.scalars(query.order_by(Run.id.desc()).limit(MOST_RUNS)).all()


def by_itself(session: ScopedSession, device: Device) -> Sequence[DeviceAction]:
    """Diagnoses that its Pi was asked for at a check-in, the newest first."""
    query = sa.select(DeviceAction).where(DeviceAction.device_id == device.id, DeviceAction.kind == PLAYBOOK)
    newest = query.order_by(DeviceAction.created_at.desc(), DeviceAction.id.desc())
    return session.scalars(newest.limit(MOST_RUNS)).all()


def of_run(session: ScopedSession, connection: redis.Redis, device: Device, run_id: int) -> Diagnosis:
    """Raises NotFoundError where the run is no diagnosis of this site."""
    query = (
        sa.select(Run, HostResult)
        .join(HostResult, HostResult.run_id == Run.id)
        .where(Run.id == run_id, Run.playbook == PLAYBOOK, HostResult.device_id == device.id)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFoundError(f"run {run_id} is no diagnosis of {device.name}")
    run, host = found
    over = run.state in FINAL_RUN_STATES
    return Diagnosis(
        run,
        host,
        over,
        [] if over else progress.read(session, connection, run)["tasks"],
        _sections(_report(session, run, device.name)),
        output.tail(session, run, device.name, TAIL_LINES),
    )


def _report(session: ScopedSession, run: Run, host: str) -> str:
    query = sa.select(RunEvent.result).where(
        RunEvent.run_id == run.id,
        RunEvent.host == host,
        RunEvent.at >= run.requested_at - output.CLOCK_SKEW,
        RunEvent.task == REPORT_TASK,
        RunEvent.outcome == "ok",
    )
    result: dict[str, Any] = session.scalars(query.limit(1)).first() or {}
    message = result.get("msg", "")
    return message if isinstance(message, str) else ""


def _sections(report: str) -> list[Section]:
    head, *rest = _HEADING.split(report)
    found = [Section(title, text.strip("\n")) for title, text in zip(rest[::2], rest[1::2], strict=True)]
    return [Section("Report", head.strip("\n")), *found] if head.strip() else found
