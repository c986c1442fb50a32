"""The backlog: in order, bounded, whole after a crash."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from pi_service.sync.backlog import Backlog, Batch


def numbers(batch: Batch) -> list[int]:
    return [entry["n"] for entry in batch.entries]


def filled(directory: Path, count: int, **bounds: int) -> Backlog:
    backlog = Backlog(directory, **bounds)
    for number in range(count):
        backlog.append([{"n": number}])
    return backlog


def test_entries_come_out_in_the_order_they_went_in(tmp_path: Path) -> None:
    backlog = filled(tmp_path, 10, segment_bytes=30)
    seen = []
    while len(backlog):
        batch = backlog.peek(3, 10_000)
        seen += numbers(batch)
        backlog.remove(batch)
    assert seen == list(range(10))


def test_looking_takes_nothing_away(tmp_path: Path) -> None:
    backlog = filled(tmp_path, 5)
    assert numbers(backlog.peek(2, 10_000)) == numbers(backlog.peek(2, 10_000)) == [0, 1]
    assert len(backlog) == 5


def test_a_batch_is_bounded_in_bytes_but_never_empty(tmp_path: Path) -> None:
    backlog = filled(tmp_path, 5)
    assert numbers(backlog.peek(5, 1)) == [0]
    assert numbers(backlog.peek(5, 16)) == [0, 1]


@pytest.mark.parametrize("segment_bytes", [1, 20, 10_000])
def test_everything_is_there_again_after_a_restart(tmp_path: Path, segment_bytes: int) -> None:
    backlog = filled(tmp_path, 6, segment_bytes=segment_bytes)
    backlog.remove(backlog.peek(2, 10_000))
    again = Backlog(tmp_path, segment_bytes=segment_bytes)
    assert len(again) == 4
    assert numbers(again.peek(9, 10_000)) == [2, 3, 4, 5]


def test_the_oldest_go_first_and_the_loss_is_counted_over_restarts(tmp_path: Path) -> None:
    backlog = filled(tmp_path, 100, max_bytes=200, segment_bytes=50)
    kept = numbers(backlog.peek(100, 10_000))
    assert kept == list(range(100 - len(kept), 100))
    assert backlog.dropped_entries == 100 - len(kept) > 0
    assert sum(path.stat().st_size for path in tmp_path.glob("*.jsonl")) <= 200
    assert Backlog(tmp_path).dropped_entries == backlog.dropped_entries


def test_a_line_torn_by_a_power_cut_is_dropped_and_the_next_is_whole(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    segment = next(tmp_path.glob("*.jsonl"))
    segment.write_bytes(segment.read_bytes() + b'{"n": 3, "mess')
    backlog = Backlog(tmp_path)
    backlog.append([{"n": 4}])
    assert numbers(backlog.peek(9, 10_000)) == [0, 1, 2, 4]


def test_a_spoilt_line_does_not_block_those_behind_it(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    segment = next(tmp_path.glob("*.jsonl"))
    segment.write_bytes(segment.read_bytes().replace(b'{"n":1}', b"\xff\x00garb!"))
    batch = Backlog(tmp_path).peek(9, 10_000)
    assert [entry.get("n") for entry in batch.entries] == [0, None, 2]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"segment": "x"}'])
def test_a_lost_position_sends_twice_rather_than_never(tmp_path: Path, content: bytes) -> None:
    backlog = filled(tmp_path, 4)
    backlog.remove(backlog.peek(2, 10_000))
    (tmp_path / "position.json").write_bytes(content)
    assert numbers(Backlog(tmp_path).peek(9, 10_000)) == [0, 1, 2, 3]


def test_trimming_between_looking_and_removing_removes_nothing_else(tmp_path: Path) -> None:
    backlog = filled(tmp_path, 4, segment_bytes=1)
    batch = backlog.peek(2, 10_000)
    backlog.trim(0)
    backlog.append([{"n": 9}])
    backlog.remove(batch)
    assert numbers(backlog.peek(9, 10_000)) == [9]
    assert backlog.dropped_entries == 4


def test_an_emptied_backlog_leaves_no_old_place_for_new_entries(tmp_path: Path) -> None:
    backlog = filled(tmp_path, 4)
    backlog.remove(backlog.peek(9, 10_000))
    assert len(backlog) == 0
    backlog.append([{"n": 7}])
    assert numbers(Backlog(tmp_path).peek(9, 10_000)) == [7]


def test_a_disk_that_fills_up_in_the_middle_of_an_entry_spoils_no_other(tmp_path: Path) -> None:
    backlog = filled(tmp_path, 2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            backlog.append([{"n": 2}, {"n": 3, "text": "x" * 200}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    backlog.append([{"n": 4}])

    batch = backlog.peek(9, 10_000)
    assert numbers(batch) == [0, 1, 4]
    assert len(backlog) == 3
