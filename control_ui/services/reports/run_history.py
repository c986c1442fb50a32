"""The run history: a row for each host of each run of a period, with who asked, who approved, what changed and what
came of it.

Read a few runs at a time, each batch in its own transaction, so that a long report costs little memory and keeps no
writer waiting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from control_ui.models import Approval, ConfigVersion, Device, HostResult, RollbackPoint, Run, Site, Tenant, User
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.redaction import redact, redact_text
from control_ui.services.reports.afterwards import Afterwards, Rollback
from control_ui.services.reports.period import Period

RUNS_PER_BATCH = 25
HOSTS_PER_BATCH = 200


@dataclass(frozen=True)
class Filters:
    """What the report is narrowed to; names are exact, but for `person`, which is a part of one."""

    site: str | None = None
    device: str | None = None
    person: str | None = None
    """Who asked, approved or canceled."""
    playbook: str | None = None


@dataclass(frozen=True)
class Row:
    """One host of one run. The fields of the host are empty where the run has none."""

    tenant: str
    zone: ZoneInfo
    """The tenant's, in which local times are shown."""
    run_id: int
    playbook: str
    check_mode: bool
    revision: str
    run_state: str
    reason: str
    requested_by: str
    requested_at: datetime
    approved_by: str
    approved_at: datetime | None
    run_started_at: datetime | None
    run_finished_at: datetime | None
    canceled_by: str
    run_error: str
    check_of_run_id: int | None
    retry_of_run_id: int | None
    rollback_of_run_id: int | None
    deployment_id: int | None
    site: str = ""
    host: str = ""
    outcome: str = ""
    """Ansible's verdict; where there is none, how far it had come: pending, in flight, interrupted."""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    config_version_before: int | None = None
    release_before: str = ""
    config_version_given: int | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)
    """As HostResult.diffs."""
    rolled_back_by: list[Rollback] = field(default_factory=list)

    @property
    def duration_seconds(self) -> float | None:
        """Of the host's part in the run."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


def check(session: ScopedSession, filters: Filters) -> None:
    """A mistyped name would give an empty report, which reads as if nothing had been done. Raises InvalidError."""
    faults = []
    if filters.site is not None and not _exists(session, Site.id, Site.name == filters.site):
        faults.append(Fault("site", f"there is no site {filters.site!r}"))
    if filters.device is not None and not _exists(session, Device.id, Device.name == filters.device):
        faults.append(Fault("device", f"there is no device {filters.device!r}"))
    session.commit()
    if faults:
        raise InvalidError("the report cannot be made", faults)


def rows(session: ScopedSession, period: Period, filters: Filters) -> Iterator[Row]:
    """The runs that started in the period, and those asked for in it that never started; the oldest first."""
    last = 0
    while runs := _runs(session, period, filters, last):
        last = runs[-1].Run.id
        afterwards = Afterwards.of(session, [row.Run for row in runs])
        session.commit()
        for row in runs:
            yield from _of_run(session, row, filters, afterwards)


def _exists(session: ScopedSession, column: Any, condition: sa.ColumnElement[bool]) -> bool:
    return session.scalars(sa.select(column).where(condition).limit(1)).first() is not None


def _runs(session: ScopedSession, period: Period, filters: Filters, after: int) -> Sequence[Any]:
    begun = sa.func.coalesce(Run.started_at, Run.requested_at)
    query = (
        sa.select(Run, Tenant.slug, Tenant.timezone)
        .join(Tenant, Tenant.id == Run.tenant_id)
        .where(Run.id > after, begun >= period.start, begun < period.end)
        .order_by(Run.id)
        .limit(RUNS_PER_BATCH)
    )
    if filters.playbook is not None:
        query = query.where(Run.playbook == filters.playbook)
    if filters.person is not None:
        query = query.where(_by_person(filters.person))
    if filters.site is not None or filters.device is not None:
        query = query.where(_hosts(filters).where(HostResult.run_id == Run.id).exists())
    found = session.execute(query).all()
    session.commit()
    return found


def _by_person(person: str) -> sa.ColumnElement[bool]:
    approved = (
        sa.select(Approval.id)
        .join(User, User.id == Approval.decided_by_id)
        .where(
            sa.or_(Approval.run_id == Run.id, Approval.deployment_id == Run.deployment_id),
            sa.or_(User.email.icontains(person, autoescape=True), User.name.icontains(person, autoescape=True)),
        )
    )
    named = (column.icontains(person, autoescape=True) for column in (Run.requested_by, Run.cancel_requested_by))
    return sa.or_(*named, approved.exists())


def _hosts(filters: Filters) -> sa.Select[Any]:
    query = sa.select(HostResult.id).join(Device, Device.id == HostResult.device_id)
    query = query.join(Site, Site.id == Device.site_id)
    if filters.site is not None:
        query = query.where(Site.name == filters.site)
    if filters.device is not None:
        query = query.where(Device.name == filters.device)
    return query


def _of_run(session: ScopedSession, found: Any, filters: Filters, afterwards: Afterwards) -> Iterator[Row]:
    of_run = _columns_of_run(found, afterwards)
    after, empty = ("", 0), True
    while hosts := _host_batch(session, found.Run.id, filters, after):
        after, empty = (hosts[-1].HostResult.host, hosts[-1].HostResult.id), False
        for host in hosts:
            yield Row(**of_run, **_columns_of_host(host, found.Run, afterwards))
    if empty:
        yield Row(**of_run)


def _host_batch(session: ScopedSession, run_id: int, filters: Filters, after: tuple[str, int]) -> Sequence[Any]:
    given = aliased(ConfigVersion)
    query = (
        _hosts(filters)
        .with_only_columns(
            HostResult,
            Site.name.label("site"),
            RollbackPoint.config_number,
            RollbackPoint.release,
            given.number.label("given"),
        )
        .outerjoin(
            RollbackPoint,
            sa.and_(RollbackPoint.run_id == HostResult.run_id, RollbackPoint.device_id == HostResult.device_id),
        )
        .outerjoin(given, given.id == HostResult.config_version_id)
        .where(HostResult.run_id == run_id, sa.tuple_(HostResult.host, HostResult.id) > after)
        .order_by(HostResult.host, HostResult.id)
        .limit(HOSTS_PER_BATCH)
    )
    found = session.execute(query).all()
    session.commit()
    return found


def _columns_of_run(found: Any, afterwards: Afterwards) -> dict[str, Any]:
    run: Run = found.Run
    approval = afterwards.approval(run)
    return {
        "tenant": found.slug,
        "zone": ZoneInfo(found.timezone),
        "run_id": run.id,
        "playbook": run.playbook,
        "check_mode": run.check_mode,
        "revision": run.revision,
        "run_state": str(run.state),
        "reason": redact_text(run.reason),
        "requested_by": run.requested_by,
        "requested_at": run.requested_at,
        "approved_by": approval.by if approval else "",
        "approved_at": approval.at if approval else None,
        "run_started_at": run.started_at,
        "run_finished_at": run.finished_at,
        "canceled_by": run.cancel_requested_by or "",
        "run_error": redact_text(run.error),
        "check_of_run_id": run.check_of_id,
        "retry_of_run_id": run.retry_of_id,
        "rollback_of_run_id": run.rollback_of_id,
        "deployment_id": run.deployment_id,
    }


def _columns_of_host(found: Any, run: Run, afterwards: Afterwards) -> dict[str, Any]:
    result: HostResult = found.HostResult
    return {
        "site": found.site,
        "host": result.host,
        "outcome": str(result.outcome or result.progress),
        "message": redact_text(result.message),
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "config_version_before": found.config_number,
        "release_before": found.release or "",
        "config_version_given": found.given,
        "changes": redact(result.diffs),
        "rolled_back_by": afterwards.rollbacks(run, result),
    }
