"""Makes the files that were asked for, one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from control_ui.models import ReportFile, User
from control_ui.models.reports import ReportState
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.errors import ForbiddenError
from control_ui.services.evidence import export
from control_ui.services.permissions import Permission, permissions_of
from control_ui.services.report_files.requests import EVIDENCE, RUNS
from control_ui.services.reports import make
from control_ui.services.reports.make import Form
from control_ui.services.reports.run_history import Filters
from control_ui.services.reports.sla import Options

TELL_EVERY_BYTES = 1024 * 1024
Tell = Callable[[str], None]
"""Takes how far it has come, in words. It may raise, and then the report is left."""


@dataclass(frozen=True)
class Workshop:
    """What a report is made with, beside the database."""

    signing_key_file: Path
    revision: str
    tell: Tell


@dataclass(frozen=True)
class Made:
    file_name: str
    media_type: str


def claim(session: ScopedSession, now: datetime) -> ReportFile | None:
    """The report that waits for longest, for this worker alone; None where none waits. Needs the scope of all
    tenants."""
    query = sa.select(ReportFile.id).where(ReportFile.state == ReportState.QUEUED).order_by(ReportFile.id)
    for file_id in session.scalars(query.limit(10)).all():
        values = {"state": ReportState.RUNNING, "started_at": now, "progress": "begun"}
        if rows.swap(session, ReportFile, file_id, ReportFile.state, ReportState.QUEUED, values):
            session.commit()
            return rows.fetch(session, ReportFile, file_id, "report")
        session.rollback()
    return None


def asked_by(session: ScopedSession, file: ReportFile) -> Actor:
    """Who asked, with the rights of this moment. Raises ForbiddenError where they are gone."""
    user = session.scalars(sa.select(User).where(User.id == file.requested_by_id)).unique().one_or_none()
    allowed = frozenset() if user is None or user.disabled_at is not None else permissions_of(user.role)
    if user is None or Permission.AUDIT_READ not in allowed:
        raise ForbiddenError("who asked for it may not see it any more")
    return Actor("user", user.id, user.email, user.tenant_id, allowed, file.remote_address, file.request_id)


def produce(
    session: ScopedSession, actor: Actor, file: ReportFile, shop: Workshop, destination: IO[bytes], now: datetime
) -> Made:
    """Write the report. The session's scope is the report's tenant. Raises what the services of reports raise."""
    wanted = file.wanted
    if file.kind == EVIDENCE:
        what = export.Wanted(wanted["from"], wanted["to"], wanted.get("reason", ""), shop.revision)
        pack = export.export(session, actor, what, shop.signing_key_file, destination, now, shop.tell)
        return Made(pack.file_name, "application/zip")
    form = Form(wanted["format"])
    if file.kind == RUNS:
        filters = Filters(
            site=wanted.get("site") or None,
            person=wanted.get("person") or None,
            playbook=wanted.get("playbook") or None,
        )
        report = make.runs(session, actor, wanted["from"], wanted["to"], form, filters=filters, now=now)
    else:
        options = Options(exclude_maintenance=bool(wanted.get("exclude_maintenance")), site=wanted.get("site") or None)
        report = make.sla_of_sites(session, actor, wanted["from"], wanted["to"], form, options=options, now=now)
    told = written = 0
    for piece in report.pieces:
        written += destination.write(piece.encode())
        if written - told > TELL_EVERY_BYTES:
            told = written
            shop.tell(f"{written // TELL_EVERY_BYTES} MB written")
    return Made(report.file_name, report.media_type)


def tell(session: ScopedSession, file_id: int, progress: str) -> None:
    """Keep how far it has come."""
    session.execute(sa.update(ReportFile).where(ReportFile.id == file_id).values(progress=progress))
    session.commit()


def finish(session: ScopedSession, file_id: int, made: Made, path: Path, now: datetime) -> None:
    """It is ready."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    values = {
        "state": ReportState.READY, "finished_at": now, "progress": "", "file_name": made.file_name,
        "media_type": made.media_type, "size_bytes": path.stat().st_size, "sha256": digest,
    }  # fmt: skip
    _leave(session, file_id, values)


def fail(session: ScopedSession, file_id: int, words: str, now: datetime) -> None:
    """It cannot be made, and why."""
    _leave(session, file_id, {"state": ReportState.FAILED, "finished_at": now, "progress": "", "error": words})


def put_back(session: ScopedSession, file_id: int) -> None:
    """Its worker has to end: the next one begins anew."""
    _leave(session, file_id, {"state": ReportState.QUEUED, "progress": "", "started_at": None})


def _leave(session: ScopedSession, file_id: int, values: dict[str, object]) -> None:
    rows.swap(session, ReportFile, file_id, ReportFile.state, ReportState.RUNNING, values)
    session.commit()
