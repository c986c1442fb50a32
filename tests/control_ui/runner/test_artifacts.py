"""What a run left on disk is read back whole, however its worker ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from control_ui.runner.artifacts import ARTIFACTS, JOURNAL, PARTIALS, Journal, discard, read_events
from control_ui.runner.events import Event

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def event(counter: int, **more: Any) -> Event:
    return Event(counter, AT, "verbose", f"u{counter}", **more)


def leave_partial(private: Path, uuid: str, second: int, *, torn: bool = False) -> None:
    """What Ansible's callback writes before it says anything."""
    directory = private / PARTIALS
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {
            "uuid": uuid,
            "event": "runner_on_ok",
            "created": f"2026-03-04T05:06:{second:02}+00:00",
            "event_data": {"host": "a", "res": {"changed": True}},
        }
    )
    (directory / f"{uuid}-partial.json").write_text(text[:-10] if torn else text)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path, ['s3cret "with" quotes'])) as journal:
        journal.append(event(1))
        journal.append(event(2))
        yield journal


def test_nothing_is_read_where_there_was_no_run(tmp_path: Path) -> None:
    assert list(read_events(tmp_path)) == []


def test_a_line_that_was_cut_off_is_left_out(journal: Journal, tmp_path: Path) -> None:
    journal.append(event(3))
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes()[:-20])
    assert list(read_events(tmp_path)) == [event(1), event(2)]


def test_a_character_that_was_cut_in_half_is_left_out(journal: Journal, tmp_path: Path) -> None:
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write('{"stdout": "ü'.encode()[:-1])
    assert list(read_events(tmp_path)) == [event(1), event(2)]


def test_what_ansible_wrote_and_nobody_took_comes_last_in_order_of_time(journal: Journal, tmp_path: Path) -> None:
    leave_partial(tmp_path, "late", 9)
    leave_partial(tmp_path, "early", 8)
    leave_partial(tmp_path, "u2", 7)  # was taken, and not removed any more
    leave_partial(tmp_path, "torn", 6, torn=True)
    found = list(read_events(tmp_path))
    assert [(one.counter, one.uuid) for one in found] == [(1, "u1"), (2, "u2"), (3, "early"), (4, "late")]
    assert (found[2].host, found[2].outcome) == ("a", "changed")


def test_a_second_reading_gives_the_same(journal: Journal, tmp_path: Path) -> None:
    leave_partial(tmp_path, "early", 8)
    assert list(read_events(tmp_path)) == list(read_events(tmp_path))


def test_secrets_are_masked_in_what_is_written_and_in_what_is_told(journal: Journal, tmp_path: Path) -> None:
    told = journal.append(event(3, stdout='it is s3cret "with" quotes!', result={"msg": ['s3cret "with" quotes']}))
    assert (told.stdout, told.result) == ("it is ***!", {"msg": ["***"]})
    assert list(read_events(tmp_path))[-1] == told
    assert "s3cret" not in (tmp_path / JOURNAL).read_text()


def test_a_journal_is_never_written_over(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        Journal(tmp_path)


def test_what_is_discarded_is_gone_wherever_it_lay(tmp_path: Path) -> None:
    private, scratch = tmp_path / "run", tmp_path / "scratch"
    private.mkdir()
    (scratch / ARTIFACTS).mkdir(parents=True)
    (private / ARTIFACTS).symlink_to(scratch / ARTIFACTS)
    leave_partial(private, "u1", 1)
    discard(private)
    assert list(tmp_path.iterdir()) == []
    discard(private)  # a second time does no harm
