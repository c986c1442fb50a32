"""What could not be sent yet, on disk: bounded, oldest dropped first and counted, whole after a crash.

Entries are JSON lines in numbered segment files. `position.json` tells how far into the first segment has been sent.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pi_service.atomic_files import read_json, sync_directory, write_json

log = logging.getLogger(__name__)

MAX_BYTES = 8 * 1024 * 1024
SEGMENT_BYTES = 512 * 1024
Entry = dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """The oldest entries, and where the next begin: (segment, byte offset)."""

    entries: list[Entry]
    end: tuple[int, int]


class Backlog:
    """First in, first out. Safe between threads. Methods raise OSError where the disk does not take or give.

    Segment numbers only grow. Everything before `position` has been sent.
    """

    def __init__(self, directory: Path, max_bytes: int = MAX_BYTES, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Open or make the directory; a line torn by a power cut is dropped."""
        self._directory = directory
        self._max_bytes = max_bytes
        self._segment_bytes = segment_bytes
        self._lock = threading.RLock()
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._position, self.dropped_entries = self._read_position()
        self._unlink_before(self._position[0])
        self._drop_torn_line()
        self._entries = sum(self._unsent(number).count(b"\n") for number in self._segments())

    def __len__(self) -> int:
        return self._entries

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep entries; the oldest go where the bound would be passed."""
        if not entries:
            return
        with self._lock:
            number = (self._segments() or [self._position[0]])[-1]
            if _size(self._path(number)) >= self._segment_bytes:
                number += 1
            self._write(self._path(number), b"".join(_line(entry) for entry in entries))
            self._entries += len(entries)
            self.trim(self._max_bytes)

    def _write(self, path: Path, content: bytes) -> None:
        """Append all of it, or nothing: half a line would spoil the next one, and the count of entries."""
        before = _size(path)
        try:
            with path.open("ab") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            sync_directory(self._directory)
        except OSError:
            if path.exists():
                os.truncate(path, before)
            raise

    def peek(self, limit: int, max_bytes: int) -> Batch:
        """The oldest entries, at most `limit` and (but for a single one) `max_bytes` of them. They stay."""
        with self._lock:
            entries: list[Entry] = []
            size, end = 0, self._position
            for number in self._segments():
                offset = self._position[1] if number == self._position[0] else 0
                for line in self._unsent(number).splitlines(keepends=True):
                    if len(entries) >= limit or (entries and size + len(line) > max_bytes):
                        return Batch(entries, end)
                    offset, size = offset + len(line), size + len(line)
                    end = (number, offset)
                    entries.append(_parsed(line))
            return Batch(entries, end)

    def remove(self, batch: Batch) -> None:
        """The entries of `batch` have arrived. Those that were trimmed meanwhile are gone already."""
        with self._lock:
            if batch.end <= self._position:
                return
            segment, offset = batch.end
            if offset >= max(_size(self._path(segment)), 1):
                segment, offset = segment + 1, 0
            self._move_to((segment, offset))

    def trim(self, max_bytes: int) -> None:
        """Drop the oldest segments until at most `max_bytes` remain; what is lost is counted in `dropped_entries`."""
        with self._lock:
            segments = self._segments()
            before, sizes = self._entries, [_size(self._path(number)) for number in segments]
            kept = next((first for first in range(len(segments)) if sum(sizes[first:]) <= max_bytes), len(segments))
            if kept == 0:
                return
            self.dropped_entries += sum(self._unsent(number).count(b"\n") for number in segments[:kept])
            self._move_to((segments[kept - 1] + 1, 0))
            log.warning("the backlog is full: its %d oldest entries were dropped", before - self._entries)

    def _move_to(self, position: tuple[int, int]) -> None:
        """Forget everything before `position`. The note of it comes first: a crash then drops nothing unsent."""
        before = sum(self._unsent(number).count(b"\n") for number in self._segments() if number <= position[0])
        self._position = position
        self._entries -= before - self._unsent(position[0]).count(b"\n")
        document = {"segment": position[0], "offset": position[1], "dropped_entries": self.dropped_entries}
        write_json(self._directory / "position.json", document)
        self._unlink_before(position[0])

    def _unlink_before(self, segment: int) -> None:
        for number in self._segments():
            if number < segment:
                self._path(number).unlink()

    def _unsent(self, number: int) -> bytes:
        path = self._path(number)
        if not path.exists():
            return b""
        return path.read_bytes()[self._position[1] if number == self._position[0] else 0 :]

    def _drop_torn_line(self) -> None:
        for path in [self._path(number) for number in self._segments()[-1:]]:
            content = path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                log.warning("the last entry of the backlog was torn by a power cut and is dropped")
                os.truncate(path, whole)

    def _read_position(self) -> tuple[tuple[int, int], int]:
        try:
            document = read_json(self._directory / "position.json") or {"segment": 1, "offset": 0, "dropped_entries": 0}
            return (int(document["segment"]), int(document["offset"])), int(document["dropped_entries"])
        except (ValueError, TypeError, KeyError) as error:
            log.warning("the backlog's position cannot be read (%s): some entries may be sent twice", error)
            return ((self._segments() or [1])[0], 0), 0

    def _segments(self) -> list[int]:
        return sorted(int(path.stem) for path in self._directory.glob("*.jsonl") if path.stem.isdigit())

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:012d}.jsonl"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _line(entry: Entry) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def _parsed(line: bytes) -> Entry:
    """The entry in a line. A line that a failing disk has spoilt must not block those behind it."""
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    return entry if isinstance(entry, dict) else {"kind": "damaged", "bytes": len(line)}
