"""Makes the reports that were asked for, and, when none waits, works out how sites were served day by day."""

from __future__ import annotations

import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from control_ui.jobs.context import JobContext, context
from control_ui.jobs.stopping import STOPPING
from control_ui.models import ReportFile
from control_ui.models.scope import Scope
from control_ui.services.errors import ServiceError
from control_ui.services.report_files import production
from control_ui.services.report_files.production import Made, Workshop
from control_ui.services.report_files.requests import path_of
from control_ui.services.reports import days
from control_ui.services.runs.revision import revision

TELL_SECONDS = 1.0
BROKEN = "it could not be made; the worker's log says why. Ask for it again, or for a shorter period"

log = logging.getLogger(__name__)


class StoppedError(Exception):
    """The worker is to end before the report is done."""


def work() -> None:
    """Until there is nothing left to do. Reports that people wait for come before figures; twice at once does no
    harm."""
    here = context()
    while not STOPPING.is_set() and (make_one(here) or measure_one(here)):
        pass


def make_one(here: JobContext) -> bool:
    """Make the report that waits for longest. False where none waits."""
    with here.session() as session:
        file = production.claim(session, datetime.now(UTC))
    if file is None:
        return False
    path = path_of(here.settings.reports_dir, file.id)
    try:
        made = _make(here, file, path)
    except StoppedError:
        with here.session() as session:
            production.put_back(session, file.id)
        return False
    except ServiceError as error:
        _fail(here, file.id, error.detail)
        return True
    except Exception:  # of one report: it says so to who asked, and the next ones are made all the same
        log.exception("report %s could not be made", file.id)
        _fail(here, file.id, BROKEN)
        return True
    with here.session() as session:
        production.finish(session, file.id, made, path, datetime.now(UTC))
    return True


def measure_one(here: JobContext) -> bool:
    """Work out one day of one tenant. False where all are up to date."""
    now = datetime.now(UTC)
    with here.session() as session:
        due = days.next_due(session, now)
    if due is None:
        return False
    tenant, day = due
    with here.session(Scope(tenant.id)) as session:
        return days.measure(session, tenant, day, now) > 0


def _make(here: JobContext, file: ReportFile, path: Path) -> Made:
    with here.session() as session:
        actor = production.asked_by(session, file)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings, part = here.settings, path.with_suffix(".part")
    shop = Workshop(settings.signing_key_file, revision(settings.repository), _teller(here, file.id))
    try:
        with here.session(Scope(file.tenant_id)) as session, _private(part) as destination:
            made = production.produce(session, actor, file, shop, destination, datetime.now(UTC))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return made


def _private(path: Path) -> IO[bytes]:
    """A new file that nobody else can read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


def _teller(here: JobContext, file_id: int) -> production.Tell:
    last = 0.0

    def tell(progress: str) -> None:
        nonlocal last
        if STOPPING.is_set():
            raise StoppedError
        if time.monotonic() - last >= TELL_SECONDS:
            last = time.monotonic()
            with here.session() as session:
                production.tell(session, file_id, progress)

    return tell


def _fail(here: JobContext, file_id: int, words: str) -> None:
    with here.session() as session:
        production.fail(session, file_id, words, datetime.now(UTC))
