"""Reads what our units have written to the journal, a bounded piece at a time, each line once."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, Any

from pi_service.clock import rfc3339
from pi_service.health_monitor import UNITS
from pi_service.redaction import redact_text

log = logging.getLogger(__name__)

FIELDS = "MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT"
COMMAND = (
    "journalctl", "--output=json", f"--output-fields={FIELDS}", "--no-pager", "--quiet",
    *(f"--unit={unit}" for unit in UNITS),
)  # fmt: skip
FIRST_LINES = 100  # where there is no cursor yet, begin with the last so many
MAX_MESSAGE_CHARACTERS = 2000
READ_TIMEOUT_SECONDS = 20.0


class Journal:
    """A reader that remembers its place by the journal's own cursor."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)

    def read(self, cursor: str, limit: int) -> list[dict[str, Any]]:
        """The next entries after `cursor` (empty: the last few there are), at most `limit`.

        `[{id, at, unit, priority, message}]`, oldest first; `id` is the entry's cursor, by which a receiver can tell a
        line it has already. Passwords in URLs are masked. Raises OSError where the journal cannot be read.
        """
        place = [f"--after-cursor={cursor}"] if cursor else [f"--lines={FIRST_LINES}"]
        with subprocess.Popen([*self._command, *place], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
            timer = threading.Timer(READ_TIMEOUT_SECONDS, reader.kill)
            timer.start()
            try:
                # journalctl's own --lines gives the newest, not the next: so its output is read as far as needed.
                entries = list(_entries(reader.stdout, limit)) if reader.stdout is not None else []
                enough = len(entries) >= limit
            finally:
                timer.cancel()
                if reader.poll() is None and enough:
                    reader.kill()
            errors = reader.stderr.read() if reader.stderr is not None else b""
        if reader.returncode > 0 and not enough:
            raise OSError(f"journalctl ended with {reader.returncode}: {errors.decode(errors='replace').strip()[:300]}")
        return entries


def _entries(lines: IO[bytes], limit: int) -> Iterator[dict[str, Any]]:
    for _ in range(limit):
        line = lines.readline()
        if not line:
            return
        try:
            yield _entry(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            log.debug("a line of the journal cannot be read: %s", error)


def _entry(record: dict[str, Any]) -> dict[str, Any]:
    moment = datetime.fromtimestamp(int(record["__REALTIME_TIMESTAMP"]) / 1_000_000, UTC)
    return {
        "id": str(record["__CURSOR"]),
        "at": rfc3339(moment),
        "unit": record.get("UNIT") or record.get("_SYSTEMD_UNIT"),
        "priority": int(record.get("PRIORITY", 6)),
        "message": redact_text(_text(record.get("MESSAGE")))[:MAX_MESSAGE_CHARACTERS],
    }


def _text(message: Any) -> str:
    """journalctl gives a message that is not UTF-8 as a list of bytes, and a very long one as null."""
    if isinstance(message, list):
        return bytes(message).decode(errors="replace")
    return message if isinstance(message, str) else ""
