"""Asking for a report, finding one's own, and forgetting them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from control_ui.models import ReportFile
from control_ui.models.reports import ReportState
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.errors import ConflictError, Fault, InvalidError, NotFoundError
from control_ui.services.evidence import keys
from control_ui.services.permissions import Permission
from control_ui.services.reports import run_history, sla_sources
from control_ui.services.reports.head import tenant_of, zone_of
from control_ui.services.reports.make import Form
from control_ui.services.reports.period import parse

RUNS, SLA, EVIDENCE = KINDS = ("runs", "sla", "evidence")
KEPT = timedelta(days=7)
LONGEST_WORK = timedelta(hours=1)
"""A report that takes longer was given up by its worker."""
MOST_OPEN = 5
"""So many a person may have waiting."""
OPEN = (ReportState.QUEUED, ReportState.RUNNING)


def ask(
    session: ScopedSession, actor: Actor, kind: str, wanted: dict[str, str], key_file: Path, now: datetime
) -> ReportFile:
    """Have a report made of this scope. `wanted` has `from` and `to`, and what the kind takes: `format`, `site`,
    `person`, `playbook`, `exclude_maintenance`, `reason`.

    Raises InvalidError, UnavailableError where there is no key to sign evidence with, ConflictError where too many
    wait already.
    """
    actor.require(Permission.AUDIT_READ)
    _check(session, kind, wanted, key_file)
    waiting = sa.select(sa.func.count(ReportFile.id)).where(_own(actor), ReportFile.state.in_(OPEN))
    if session.scalars(waiting).one() >= MOST_OPEN:
        raise ConflictError(f"{MOST_OPEN} reports of yours are being made already: wait for one of them")
    file = ReportFile(
        tenant_id=session.scope.tenant_id, kind=kind, wanted=wanted, state=ReportState.QUEUED,
        requested_by_id=actor.user_id, requested_at=now, expires_at=now + KEPT,
        remote_address=actor.remote_address, request_id=actor.request_id,
    )  # fmt: skip
    session.add(file)
    session.commit()
    return file


def own(session: ScopedSession, actor: Actor, kinds: Sequence[str]) -> list[ReportFile]:
    """What this person asked for of these kinds and is still kept, the newest first."""
    query = sa.select(ReportFile).where(_own(actor), ReportFile.kind.in_(kinds))
    return list(session.scalars(query.order_by(ReportFile.id.desc())))


def one(session: ScopedSession, actor: Actor, file_id: int) -> ReportFile:
    """One of this person's own. Raises NotFoundError."""
    file = rows.fetch(session, ReportFile, file_id, "report")
    if file.requested_by_id != actor.user_id:
        raise NotFoundError(f"there is no report {file_id}")
    return file


def ready(
    session: ScopedSession, actor: Actor, file_id: int, directory: Path, now: datetime
) -> tuple[ReportFile, Path]:
    """One's own report, whose file can be sent. Raises NotFoundError, also where it is not made yet or not kept any
    more."""
    file, path = one(session, actor, file_id), path_of(directory, file_id)
    if file.state != ReportState.READY or file.expires_at <= now or not path.is_file():
        raise NotFoundError(f"report {file_id} is not ready, or not kept any more")
    return file, path


def path_of(directory: Path, file_id: int) -> Path:
    """Where the file of a report lies."""
    return directory / f"report-{file_id}"


def forget(session: ScopedSession, directory: Path, now: datetime) -> int:
    """Delete what has expired, file and row; gives how many. What a worker gave up has failed."""
    given_up = sa.update(ReportFile).where(
        ReportFile.state == ReportState.RUNNING, ReportFile.started_at < now - LONGEST_WORK
    )
    words = "its worker ended before it was done: ask for it again"
    session.execute(given_up.values(state=ReportState.FAILED, error=words, finished_at=now))
    expired = session.scalars(sa.select(ReportFile.id).where(ReportFile.expires_at <= now)).all()
    for file_id in expired:
        with contextlib.suppress(FileNotFoundError):  # of one that was never made
            path_of(directory, file_id).unlink()
    session.execute(sa.delete(ReportFile).where(ReportFile.id.in_(expired)))
    session.commit()
    return len(expired)


def _own(actor: Actor) -> sa.ColumnElement[bool]:
    return ReportFile.requested_by_id == actor.user_id


def _check(session: ScopedSession, kind: str, wanted: dict[str, Any], key_file: Path) -> None:
    if kind not in KINDS:
        raise InvalidError(f"there is no report {kind!r}")
    tenant = tenant_of(session)
    parse(wanted["from"], wanted["to"], zone_of(tenant))
    if kind != EVIDENCE and wanted.get("format") not in list(Form):
        raise InvalidError("the report cannot be made", [Fault("format", "must be csv, json or html")])
    if kind == RUNS:
        run_history.check(session, run_history.Filters(site=wanted.get("site") or None))
    elif tenant is None:
        raise InvalidError("the report is about one tenant", [Fault("tenant", "must be chosen")])
    elif kind == SLA and wanted.get("site") and not sla_sources.places(session, wanted["site"]):
        raise InvalidError("the report cannot be made", [Fault("site", "is not the name of a site with a device")])
    elif kind == EVIDENCE:
        keys.load(key_file)
