from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pi_service.atomic_files import read_json
from pi_service.paths import Paths
from pi_service.snapshot_cache import SnapshotMetadata, SnapshotReader, SnapshotWriter

CAPTURED_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BOOTTIME = 1000.0


def publish(writer: SnapshotWriter, image: bytes, **values: Any) -> SnapshotMetadata:
    known = {"width": 64, "height": 48, "captured_at": CAPTURED_AT, "captured_boottime": BOOTTIME}
    return writer.publish(image, **{**known, "config_version": 7, "interval_seconds": 12.0, **values})


def reader_at(paths: Paths, boottime: float = BOOTTIME + 5) -> SnapshotReader:
    return SnapshotReader(paths, boottime=lambda: boottime)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_published_picture_is_read_with_all_that_is_known_of_it(paths: Paths) -> None:
    publish(SnapshotWriter(paths), b"picture")

    snapshot = reader_at(paths).current()

    assert snapshot is not None
    assert (snapshot.image, snapshot.sequence, snapshot.size_bytes) == (b"picture", 1, 7)
    assert (snapshot.recorded_at, snapshot.config_version) == (CAPTURED_AT, 7)
    assert snapshot.age_seconds(BOOTTIME + 5) == 5


def test_the_metadata_file_has_the_settled_fields(paths: Paths) -> None:
    publish(SnapshotWriter(paths), b"picture")

    document = read_json(paths.snapshot_metadata)

    assert document is not None
    assert set(document) == {
        *("sequence", "captured_at", "captured_boottime", "size_bytes", "width", "height"),
        *("sha256", "config_version", "interval_seconds"),
    }
    assert document["captured_at"] == "2026-11-23T12:00:00.000Z"


def test_snapshot_jpg_is_a_second_name_of_the_newest_of_the_ring(paths: Paths) -> None:
    writer = SnapshotWriter(paths)
    for image in (b"one", b"two"):
        publish(writer, image)

    assert paths.snapshot_image.samefile(paths.history_dir / "2.jpg")


def test_the_ring_keeps_the_newest_and_its_size_can_shrink(paths: Paths) -> None:
    writer = SnapshotWriter(paths)
    writer.resize(3)
    for number in range(5):
        publish(writer, b"%d" % number)
    assert [entry.sequence for entry in reader_at(paths).history()] == [5, 4, 3]

    writer.resize(1)

    assert names(paths.history_dir) == ["5.jpg", "5.json"]


def test_numbers_go_on_after_a_restart_and_leftovers_are_swept(paths: Paths) -> None:
    publish(SnapshotWriter(paths), b"one")
    leftovers = (paths.run_dir / ".snapshot.json.x1", paths.history_dir / ".2.jpg.x2")
    for leftover in leftovers:
        leftover.touch()

    writer = SnapshotWriter(paths)

    assert not any(leftover.exists() for leftover in leftovers)
    assert publish(writer, b"two").sequence == 2


def test_a_picture_of_the_ring_can_be_asked_for_by_number(paths: Paths) -> None:
    writer = SnapshotWriter(paths)
    for image in (b"one", b"two"):
        publish(writer, image)

    first = reader_at(paths).history_image(1)

    assert first is not None
    assert first.image == b"one"
    assert reader_at(paths).history_image(3) is None


def test_without_a_picture_there_is_none(paths: Paths) -> None:
    assert reader_at(paths).current() is None
    assert reader_at(paths).history() == []


def test_a_picture_from_before_the_last_boot_is_not_given(paths: Paths) -> None:
    publish(SnapshotWriter(paths), b"picture")

    assert reader_at(paths, boottime=3.0).current() is None


def test_the_reader_notices_a_new_picture_and_keeps_the_old_one_in_memory(paths: Paths) -> None:
    writer, reader = SnapshotWriter(paths), reader_at(paths)
    publish(writer, b"one")
    first = reader.current()
    assert reader.current() is first

    publish(writer, b"two")

    second = reader.current()
    assert second is not None
    assert second.image == b"two"


def test_a_damaged_picture_is_never_given(paths: Paths) -> None:
    publish(SnapshotWriter(paths), b"picture")
    (paths.history_dir / "1.jpg").write_bytes(b"pictur!")

    assert reader_at(paths).current() is None


def test_damaged_metadata_leave_the_reader_with_what_it_has(paths: Paths) -> None:
    reader = reader_at(paths)
    publish(SnapshotWriter(paths), b"picture")
    before = reader.current()
    paths.snapshot_metadata.write_text("{")

    assert reader.current() is before


def test_the_time_of_capture_follows_the_wall_clock_when_it_jumps(paths: Paths) -> None:
    metadata = publish(SnapshotWriter(paths), b"picture")
    a_minute_later, jumped = CAPTURED_AT + timedelta(seconds=60), CAPTURED_AT + timedelta(days=300)

    assert metadata.captured_at(a_minute_later, BOOTTIME + 60) == CAPTURED_AT
    assert metadata.captured_at(jumped, BOOTTIME + 60) == jumped - timedelta(seconds=60)


@pytest.fixture
def small_tmpfs(paths: Paths) -> Iterator[Path]:
    """The run directory on a tmpfs of 256 kB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(paths.run_dir)], check=True, timeout=10)
    yield paths.run_dir
    subprocess.run(["umount", str(paths.run_dir)], check=True, timeout=10)


@pytest.mark.usefixtures("small_tmpfs")
def test_a_full_tmpfs_costs_the_oldest_pictures_and_not_the_new_one(paths: Paths) -> None:
    writer = SnapshotWriter(paths)
    for number in range(8):
        publish(writer, bytes([number]) * 50_000)

    ring = [entry.sequence for entry in reader_at(paths).history()]

    assert ring[0] == 8
    assert 1 <= len(ring) < 8


@pytest.mark.usefixtures("small_tmpfs")
def test_a_picture_that_does_not_fit_at_all_leaves_the_old_one(paths: Paths) -> None:
    writer = SnapshotWriter(paths)
    publish(writer, b"old")
    (paths.run_dir / "filler").write_bytes(bytes(200_000))

    with pytest.raises(OSError, match="No space left"):
        publish(writer, os.urandom(100_000))

    snapshot = reader_at(paths).current()
    assert snapshot is not None
    assert snapshot.image == b"old"
    assert paths.snapshot_image.read_bytes() == b"old"
    assert names(paths.history_dir) == ["1.jpg", "1.json"]
    (paths.run_dir / "filler").unlink()
    assert publish(writer, b"new").sequence == 2


def test_the_ring_is_bounded_in_bytes_and_always_keeps_the_newest(paths: Paths) -> None:
    writer = SnapshotWriter(paths, largest_ring_bytes=250)
    writer.resize(1000)
    for size in (100, 100, 100):
        publish(writer, bytes(size))
    assert [entry.sequence for entry in reader_at(paths).history()] == [3, 2]

    publish(writer, bytes(1000))

    assert [entry.sequence for entry in reader_at(paths).history()] == [4]
