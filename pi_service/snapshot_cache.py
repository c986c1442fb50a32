"""The pictures between the stream and the API: a ring of files in tmpfs, written by one process and read by the others.

The order of writing is the protocol: picture and metadata go into `history/` first, then `snapshot.jpg`, then
`snapshot.json`. Whoever reads a sequence number in `snapshot.json` finds a whole picture under it in `history/`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pi_service.atomic_files import write_atomic, write_json
from pi_service.clock import boottime_seconds, parse_rfc3339, rfc3339
from pi_service.paths import Paths

CLOCK_JUMP = timedelta(seconds=1)  # a wall clock that slews under NTP moves less than this between two pictures
LARGEST_RING_BYTES = 64 * 1024 * 1024  # of /run, which systemd, the journal and our own state files need as well
_LEFTOVERS = (".snapshot.*", ".stream.*", ".[0-9]*.*")  # what the stream unit was writing when it was killed
READ_ATTEMPTS = 3  # a picture can be trimmed from the ring between reading its number and opening it
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class SnapshotMetadata:
    """What is known of one picture. `recorded_at` and `captured_boottime` (seconds): one moment on the two clocks."""

    sequence: int
    recorded_at: datetime
    captured_boottime: float
    size_bytes: int
    width: int
    height: int
    sha256: str
    config_version: int
    interval_seconds: float

    def age_seconds(self, boottime_now: float) -> float:
        """Seconds since the picture was captured, whatever the wall clock did since."""
        return max(0.0, boottime_now - self.captured_boottime)

    def captured_at(self, now: datetime, boottime_now: float) -> datetime:
        """When the picture was captured, on the wall clock as it is set now.

        The recorded time, unless the clock has jumped since: a Pi without a battery-backed clock starts in the past.
        """
        by_age = now - timedelta(seconds=self.age_seconds(boottime_now))
        return self.recorded_at if abs(by_age - self.recorded_at) <= CLOCK_JUMP else by_age

    def document(self) -> dict[str, Any]:
        """The JSON object of `snapshot.json`."""
        values = {field.name: getattr(self, field.name) for field in fields(SnapshotMetadata)}
        return {"captured_at": rfc3339(values.pop("recorded_at")), **values}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> SnapshotMetadata:
        """Read `snapshot.json`. Raises ValueError or KeyError where it is not one."""
        values: dict[str, Any] = {field.name: document.get(field.name) for field in fields(SnapshotMetadata)}
        values["recorded_at"] = parse_rfc3339(document["captured_at"])
        if missing := sorted(name for name, value in values.items() if value is None):
            raise ValueError(f"snapshot metadata lacks {', '.join(missing)}")
        return SnapshotMetadata(**values)


@dataclass(frozen=True)
class Snapshot(SnapshotMetadata):
    """One whole picture with its metadata. `image` holds the JPEG."""

    image: bytes


class SnapshotWriter:
    """Publishes pictures; the stream unit has the only one. Numbers go on where the last run of the unit ended."""

    def __init__(self, paths: Paths, largest_ring_bytes: int = LARGEST_RING_BYTES) -> None:
        """Make the ring's directory and remove what a killed writer left. Raises OSError."""
        self._paths = paths
        self._largest_ring_bytes = largest_ring_bytes
        paths.history_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
        for directory in (paths.run_dir, paths.history_dir):
            for leftover in [found for pattern in _LEFTOVERS for found in directory.glob(pattern)]:
                leftover.unlink(missing_ok=True)
        self._sequence = max([_published_sequence(paths), *_ring_sequences(paths)], default=0)
        self._history_size: int | None = None

    def resize(self, history_size: int) -> None:
        """Keep this many pictures from now on; drops the oldest that are too many. Raises OSError."""
        self._history_size = history_size
        self._trim()

    def publish(
        self,
        image: bytes,
        *,
        width: int,
        height: int,
        captured_at: datetime,
        captured_boottime: float,
        config_version: int,
        interval_seconds: float,
    ) -> SnapshotMetadata:
        """Make `image` the present picture. Raises OSError where it cannot be written; the old one then stays.

        A full tmpfs costs the oldest pictures of the ring, not the new one.
        """
        metadata = SnapshotMetadata(
            sequence=self._sequence + 1,
            recorded_at=captured_at,
            captured_boottime=captured_boottime,
            size_bytes=len(image),
            width=width,
            height=height,
            sha256=hashlib.sha256(image).hexdigest(),
            config_version=config_version,
            interval_seconds=interval_seconds,
        )
        self._making_room(lambda: self._write(metadata, image))
        self._sequence = metadata.sequence
        self._trim()
        return metadata

    def _write(self, metadata: SnapshotMetadata, image: bytes) -> None:
        in_ring = _image_file(self._paths, metadata.sequence)
        try:
            write_atomic(in_ring, image, durable=False)
            write_json(in_ring.with_suffix(".json"), metadata.document(), durable=False)
            _replace_by_link(in_ring, self._paths.snapshot_image)
            write_json(self._paths.snapshot_metadata, metadata.document(), durable=False)
        except OSError:
            self._take_back(in_ring)
            raise

    def _take_back(self, in_ring: Path) -> None:
        """Undo a publication that failed half-way: `snapshot.jpg` must not run ahead of `snapshot.json`."""
        before = _image_file(self._paths, _published_sequence(self._paths))
        if before.exists():
            with contextlib.suppress(OSError):  # then snapshot.jpg is newer than its metadata until the next picture
                _replace_by_link(before, self._paths.snapshot_image)
        for leftover in (in_ring, in_ring.with_suffix(".json")):
            leftover.unlink(missing_ok=True)

    def _making_room(self, write: Callable[[], _Result]) -> _Result:
        while True:
            try:
                return write()
            except OSError as error:
                older = [number for number in _ring_sequences(self._paths) if number < self._sequence]
                if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not older:
                    raise
                _drop(self._paths, older[0])

    def _trim(self) -> None:
        if self._history_size is None:
            return
        ring_bytes = 0
        for position, sequence in enumerate(reversed(_ring_sequences(self._paths))):
            ring_bytes += _image_file(self._paths, sequence).stat().st_size
            if position >= self._history_size or (position and ring_bytes > self._largest_ring_bytes):
                _drop(self._paths, sequence)


class SnapshotReader:
    """The present picture from memory. One `stat` a call tells whether there is a newer one. Safe between threads."""

    def __init__(self, paths: Paths, boottime: Callable[[], float] = boottime_seconds) -> None:
        self._paths = paths
        self._boottime = boottime
        self._lock = threading.Lock()
        self._metadata_file = str(paths.snapshot_metadata)  # a Path for every request would cost more than the rest
        self._cached: tuple[tuple[int, int, int], Snapshot] | None = None
        self._ring: dict[int, SnapshotMetadata] = {}

    def current(self) -> Snapshot | None:
        """The newest whole picture, or None where there is none (or only one from before the last boot)."""
        identity = _identity(self._metadata_file)
        cached = self._cached
        if identity is None:
            return None
        if cached is None or cached[0] != identity:
            with self._lock:
                cached = self._reload()
        if cached is None or cached[1].captured_boottime > self._boottime():
            return None
        return cached[1]

    def history(self) -> list[SnapshotMetadata]:
        """Metadata of the ring, newest first. Pictures that are being written or trimmed are left out."""
        ring = {}
        for sequence in _ring_sequences(self._paths):
            metadata = self._ring.get(sequence) or self._metadata(sequence)
            if metadata is not None:
                ring[sequence] = metadata
        self._ring = ring
        return [ring[sequence] for sequence in sorted(ring, reverse=True)]

    def history_image(self, sequence: int) -> Snapshot | None:
        """The picture with this number, or None where the ring does not hold it (any more)."""
        metadata = self._metadata(sequence)
        return self._with_image(metadata) if metadata is not None else None

    def _reload(self) -> tuple[tuple[int, int, int], Snapshot] | None:
        for _ in range(READ_ATTEMPTS):
            identity = _identity(self._metadata_file)
            if identity is None or (self._cached is not None and self._cached[0] == identity):
                break
            metadata = _read_metadata(self._paths.snapshot_metadata)
            snapshot = self._with_image(metadata) if metadata is not None else None
            if snapshot is not None:
                self._cached = (identity, snapshot)
        return self._cached

    def _metadata(self, sequence: int) -> SnapshotMetadata | None:
        return _read_metadata(_image_file(self._paths, sequence).with_suffix(".json"))

    def _with_image(self, metadata: SnapshotMetadata) -> Snapshot | None:
        try:
            image = _image_file(self._paths, metadata.sequence).read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(image).hexdigest() != metadata.sha256:
            return None
        values = asdict(metadata)
        return Snapshot(**values, image=image)


def _image_file(paths: Paths, sequence: int) -> Path:
    return paths.history_dir / f"{sequence}.jpg"


def _identity(file: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(file)  # noqa: PTH116  # called on every request
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read_metadata(path: Path) -> SnapshotMetadata | None:
    """Metadata in `path`, or None where the file is away or damaged (a person's hand; we write it in one step)."""
    try:
        return SnapshotMetadata.from_document(json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _published_sequence(paths: Paths) -> int:
    metadata = _read_metadata(paths.snapshot_metadata)
    return metadata.sequence if metadata is not None else 0


def _ring_sequences(paths: Paths) -> list[int]:
    """Numbers of the whole pictures in the ring, oldest first."""
    try:
        names = os.listdir(paths.history_dir)  # noqa: PTH208  # called on requests: names suffice, Path objects cost more
    except FileNotFoundError:
        return []
    return sorted(int(name[:-4]) for name in names if name.endswith(".jpg") and name[:-4].isdigit())


def _drop(paths: Paths, sequence: int) -> None:
    image = _image_file(paths, sequence)
    image.with_suffix(".json").unlink(missing_ok=True)
    image.unlink(missing_ok=True)


def _replace_by_link(source: Path, target: Path) -> None:
    """Make `target` a second name of `source`'s file, in one step."""
    temporary = target.with_name(f".{target.name}.link")
    temporary.unlink(missing_ok=True)
    temporary.hardlink_to(source)
    temporary.replace(target)
    temporary.unlink(missing_ok=True)  # rename does nothing where both names were the same file already
