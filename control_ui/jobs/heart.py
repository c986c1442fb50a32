"""The heart of a slice: tells the database that its worker lives, and hears from it whether the run is to go on."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType

from sqlalchemy.exc import DBAPIError

from control_ui.jobs.context import JobContext
from control_ui.jobs.stopping import STOPPING
from control_ui.models.scope import Scope
from control_ui.services.runs import slices
from control_ui.services.runs.slices import Claimed

BEAT_SECONDS = 2.0

log = logging.getLogger(__name__)


class Why(StrEnum):
    """Why a slice is to end before its time."""

    CANCELED = "canceled"
    LOST = "another process has taken it for dead"
    STOPPED = "its worker was stopped"


class Heart:
    """Beats while the context lasts. A database that is away stops neither it nor the run."""

    def __init__(self, here: JobContext, claimed: Claimed, worker: str) -> None:
        self._here = here
        self._claimed = claimed
        self._worker = worker
        self._over = threading.Event()
        self._heard: Why | None = None
        self._thread = threading.Thread(target=self._run, name=f"heart-{claimed.slice_id}", daemon=True)

    @property
    def why_end(self) -> Why | None:
        """None while it is to go on."""
        return self._heard or (Why.STOPPED if STOPPING.is_set() else None)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                self._beat()
            except DBAPIError as error:
                log.warning("slice %s cannot tell that it is alive: %s", self._claimed.slice_id, error.orig)

    def _beat(self) -> None:
        with self._here.session(Scope(self._claimed.tenant_id)) as session:
            pulse = slices.beat(session, self._claimed, self._worker, datetime.now(UTC))
        if not pulse.ours:
            self._heard = Why.LOST
        elif pulse.canceled:
            self._heard = self._heard or Why.CANCELED
