"""What goes out with a check-in: lines of the journal, and samples of the time when nobody could be reached."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pi_service.atomic_files import read_json, write_json
from pi_service.sync.backlog import Backlog, Batch
from pi_service.sync.journal import Journal

log = logging.getLogger(__name__)

LINES_PER_CHECKIN = 200
BACKLOG_BYTES_PER_CHECKIN = 256 * 1024
SAMPLE_EVERY_SECONDS = 60.0
Entry = dict[str, Any]


class Outbox:
    """While check-ins succeed nothing touches the disk but the cursor; what could not be sent goes to the backlog."""

    def __init__(self, backlog: Backlog, journal: Journal, cursor_file: Path, now: Callable[[], float]) -> None:
        self._backlog = backlog
        self._journal = journal
        self._cursor_file = cursor_file
        self._now = now
        self._cursor = self._read_cursor()
        self._old = Batch([], (0, 0))
        self._fresh: list[Entry] = []
        self._sampled_at: float | None = None

    @property
    def has_more(self) -> bool:
        """Whether something is left that does not have to wait for the next regular check-in."""
        return len(self._backlog) > 0

    def collect(self) -> dict[str, list[Entry]]:
        """What the next check-in carries: `{logs, samples}`, oldest first, the backlog before anything new."""
        self._old = self._backlog.peek(LINES_PER_CHECKIN, BACKLOG_BYTES_PER_CHECKIN)
        self._read_journal(LINES_PER_CHECKIN)
        drained = len(self._old.entries) == len(self._backlog)
        entries = [*self._old.entries, *(self._fresh if drained else [])]
        return {
            "logs": [_without_kind(entry) for entry in entries if entry.get("kind") == "log"],
            "samples": [_without_kind(entry) for entry in entries if entry.get("kind") == "sample"],
        }

    def delivered(self) -> None:
        """The check-in arrived: what it carried is forgotten. Raises OSError."""
        drained = len(self._old.entries) == len(self._backlog)
        if self._old.entries:
            self._backlog.remove(self._old)
        if not drained:
            self._backlog.append(self._fresh)
        self._settle()

    def keep(self, sample: Entry) -> None:
        """The check-in failed: what was new goes to the disk, and once a minute a sample of how things were."""
        kept = list(self._fresh)
        now = self._now()
        if self._sampled_at is None or now - self._sampled_at >= SAMPLE_EVERY_SECONDS:
            self._sampled_at = now
            kept.append({"kind": "sample", **sample})
        self._backlog.append(kept)
        self._settle()

    def _settle(self) -> None:
        """What was fresh is safe now, here or there: the journal is read on from behind it."""
        if self._fresh:
            self._cursor = self._fresh[-1]["id"]
            write_json(self._cursor_file, {"cursor": self._cursor}, durable=False)
        self._fresh = []

    def _read_journal(self, limit: int) -> None:
        try:
            self._fresh = [{"kind": "log", **entry} for entry in self._journal.read(self._cursor, limit)]
        except OSError as error:
            self._fresh = []
            log.warning("the journal cannot be read: %s", error)
            if "cursor" in str(error):
                self._cursor = ""

    def _read_cursor(self) -> str:
        try:
            return str((read_json(self._cursor_file) or {}).get("cursor", ""))
        except (OSError, ValueError) as error:
            log.warning("the place in the journal is lost (%s): its last lines are sent anew", error)
            return ""


def _without_kind(entry: Entry) -> Entry:
    return {name: value for name, value in entry.items() if name != "kind"}
