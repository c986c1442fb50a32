from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pi_service.atomic_files import read_json
from pi_service.config_manager import ConfigManager, Outcome
from pi_service.paths import Paths

Document = dict[str, Any]


@pytest.fixture
def manager(paths: Paths) -> ConfigManager:
    return ConfigManager(paths)


def as_bytes(document: Document) -> bytes:
    return json.dumps(document).encode()


def put(manager: ConfigManager, document: Document) -> Outcome:
    outcome = manager.apply(as_bytes(document))
    assert outcome.result == "applied"
    return outcome


@contextmanager
def stream_that_answers(paths: Paths, *answers: Document | None) -> Iterator[list[Document]]:
    """A stream unit that gives these answers in turn on one connection, and hangs up at None. Yields the requests."""
    requests: list[Document] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.stream_socket))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                for answer in answers:
                    requests.append(json.loads(lines.readline()))
                    if answer is None:
                        return
                    connection.sendall(json.dumps(answer).encode() + b"\n")
                lines.readline()

        thread = threading.Thread(target=serve)
        thread.start()
        yield requests
        thread.join(timeout=10)
        assert not thread.is_alive()
    paths.stream_socket.unlink()


PASSED: Document = {"ok": True, "tried": True}


def test_without_a_stream_a_configuration_is_applied_untried_and_says_so(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    outcome = manager.apply(as_bytes(config_document))

    assert (outcome.result, outcome.tried, outcome.exit_code) == ("applied", False, 0)
    assert "not tried: the stream is not running" in outcome.reason
    assert read_json(paths.config) == config_document
    assert read_json(paths.last_good_config) == config_document


def test_a_passed_trial_is_committed_only_after_the_files_are_in_place(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    put(manager, config_document)
    newer = config_document | {"version": 2, "max_width": 640}

    with stream_that_answers(paths, PASSED, {"ok": True}) as requests:
        outcome = manager.apply(as_bytes(newer))

    assert (outcome.result, outcome.tried, outcome.old_version, outcome.new_version) == ("applied", True, 1, 2)
    assert [request["op"] for request in requests] == ["trial", "commit"]
    assert requests[0]["config"] == newer
    assert read_json(paths.config) == newer
    assert read_json(paths.previous_config) == config_document


def test_a_failed_trial_leaves_everything_as_it_was_and_gives_the_reason(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    put(manager, config_document)
    verdict = {"ok": False, "tried": True, "reason": "unauthorized", "detail": "401 at rtsp://u:secret@10.0.0.1/x"}

    with stream_that_answers(paths, verdict):
        outcome = manager.apply(as_bytes(config_document | {"version": 2}))

    assert (outcome.result, outcome.exit_code) == ("rolled back", 2)
    assert outcome.reason == "unauthorized: 401 at rtsp://u:***@10.0.0.1/x"
    assert read_json(paths.config) == config_document
    assert not paths.previous_config.exists()


def test_a_stream_that_could_learn_nothing_from_a_trial_does_not_stand_in_the_way(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    verdict = {"ok": True, "tried": False, "reason": "refused", "detail": "the camera is off"}

    with stream_that_answers(paths, verdict, {"ok": True}):
        outcome = manager.apply(as_bytes(config_document))

    assert (outcome.result, outcome.tried) == ("applied", False)
    assert outcome.reason == "not tried: refused: the camera is off"


def test_a_stream_that_does_not_switch_gets_its_old_configuration_back(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    put(manager, config_document)
    put(manager, config_document | {"version": 2})
    files = (paths.config, paths.previous_config, paths.last_good_config)
    before = [path.read_bytes() for path in files]

    with stream_that_answers(paths, PASSED, {"ok": False, "reason": "nothing to commit"}):
        outcome = manager.apply(as_bytes(config_document | {"version": 3}))

    assert (outcome.result, outcome.reason) == ("rolled back", "the stream did not switch: nothing to commit")
    assert [path.read_bytes() for path in files] == before


def test_a_stream_that_ends_before_the_switch_finds_the_new_configuration_when_it_returns(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    with stream_that_answers(paths, PASSED, None):
        outcome = manager.apply(as_bytes(config_document))

    assert outcome.result == "applied"
    assert "take it from the file" in outcome.reason
    assert read_json(paths.config) == config_document


def test_a_stream_that_ends_during_the_trial_changes_nothing(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    with stream_that_answers(paths, None):
        outcome = manager.apply(as_bytes(config_document))

    assert (outcome.result, outcome.exit_code) == ("rolled back", 2)
    assert not paths.config.exists()


def test_the_same_configuration_again_changes_nothing(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    put(manager, config_document)
    before = paths.config.stat().st_ino

    outcome = manager.apply(as_bytes(config_document))

    assert (outcome.result, outcome.exit_code) == ("unchanged", 0)
    assert paths.config.stat().st_ino == before


def test_the_same_version_with_another_content_is_refused_naming_what_differs(
    manager: ConfigManager, config_document: Document
) -> None:
    put(manager, config_document)

    outcome = manager.apply(as_bytes(config_document | {"max_width": 640, "jpeg_quality": 50}))

    assert (outcome.result, outcome.exit_code) == ("refused", 1)
    assert "differs in jpeg_quality, max_width" in outcome.reason


def test_an_older_version_is_refused(manager: ConfigManager, config_document: Document) -> None:
    put(manager, config_document | {"version": 5})

    outcome = manager.apply(as_bytes(config_document | {"version": 4}))

    assert (outcome.result, outcome.old_version) == ("refused", 5)
    assert "version 4 is older than version 5" in outcome.reason


def test_every_fault_of_an_invalid_configuration_is_named_by_its_path(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    outcome = manager.apply(as_bytes(config_document | {"jpeg_quality": 900, "colour": "red"}))

    assert outcome.exit_code == 1
    assert {fault.path for fault in outcome.faults} == {"$", "$.jpeg_quality"}
    assert not paths.config.exists()


def test_what_is_no_json_is_refused(manager: ConfigManager) -> None:
    outcome = manager.apply(b"{")

    assert outcome.result == "refused"
    assert "is not JSON" in outcome.faults[0].message


def test_next_version_numbers_a_changed_configuration_and_leaves_an_equal_one(
    manager: ConfigManager, config_document: Document
) -> None:
    unnumbered = {key: value for key, value in config_document.items() if key != "version"}

    results = []
    for content in (unnumbered, unnumbered, unnumbered | {"max_width": 640}):
        outcome = manager.apply(as_bytes(content), next_version=True)
        results.append((outcome.result, outcome.new_version))

    assert results == [("applied", 1), ("unchanged", 1), ("applied", 2)]


def test_next_version_after_a_rollback_does_not_reuse_the_number_that_was_rolled_back(
    manager: ConfigManager, config_document: Document
) -> None:
    put(manager, config_document)
    put(manager, config_document | {"version": 2, "max_width": 640})
    manager.rollback()

    outcome = manager.apply(as_bytes(config_document | {"max_width": 800}), next_version=True)

    assert (outcome.old_version, outcome.new_version) == (1, 3)


def test_check_decides_and_shows_the_same_without_trying_or_writing(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    put(manager, config_document)
    before = paths.config.read_bytes()

    outcome = manager.apply(as_bytes(config_document | {"max_width": 640}), check_only=True, next_version=True)

    assert (outcome.result, outcome.new_version) == ("applied", 2)
    assert outcome.before is not None
    assert outcome.after is not None
    assert (outcome.before.get("max_width"), outcome.after["max_width"]) == (None, 640)
    assert paths.config.read_bytes() == before


def test_what_is_shown_holds_no_password_and_no_key(manager: ConfigManager, config_document: Document) -> None:
    keys = [{"name": "till", "sha256": "ab" * 32}]

    document = put(manager, config_document | {"api_keys": keys}).document()

    assert "letmein" not in json.dumps(document)
    assert "ab" * 32 not in json.dumps(document)


def test_a_rollback_puts_the_previous_one_in_force_and_a_second_one_undoes_it(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    newer = config_document | {"version": 2, "max_width": 640}
    put(manager, config_document)
    put(manager, newer)

    assert manager.rollback().result == "applied"
    assert read_json(paths.config) == config_document
    assert read_json(paths.previous_config) == newer

    assert manager.rollback().new_version == 2
    assert read_json(paths.config) == newer


def test_a_rollback_goes_through_the_same_trial(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    newer = config_document | {"version": 2, "max_width": 640}
    put(manager, config_document)
    put(manager, newer)

    with stream_that_answers(paths, {"ok": False, "tried": True, "reason": "refused"}):
        outcome = manager.rollback()

    assert (outcome.result, outcome.exit_code) == ("rolled back", 2)
    assert read_json(paths.config) == newer


def test_there_is_nothing_to_go_back_to_at_first(manager: ConfigManager, config_document: Document) -> None:
    put(manager, config_document)

    outcome = manager.rollback()

    assert outcome.result == "refused"
    assert "nothing to go back to" in outcome.reason


def test_a_damaged_file_is_repaired_by_applying_what_is_in_force(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    put(manager, config_document)
    paths.config.write_text("{ damaged")

    outcome = manager.apply(as_bytes(config_document))

    assert (outcome.result, outcome.old_version) == ("applied", 1)
    assert read_json(paths.config) == config_document


def test_two_at_the_same_time_do_not_mix(paths: Paths, manager: ConfigManager, config_document: Document) -> None:
    descriptor = os.open(paths.config.parent, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        outcome = manager.apply(as_bytes(config_document), timeout_seconds=0.2)
    finally:
        os.close(descriptor)

    assert outcome.result == "refused"
    assert "another configuration is being applied" in outcome.reason


def test_results_are_counted_and_the_last_one_kept(
    paths: Paths, manager: ConfigManager, config_document: Document
) -> None:
    put(manager, config_document)
    manager.apply(as_bytes(config_document))
    manager.apply(b"{")
    manager.apply(as_bytes(config_document | {"version": 9}), check_only=True)

    record = read_json(paths.state_dir / "config-apply.json")

    assert record is not None
    assert record["counts"] == {"applied": 1, "unchanged": 1, "refused": 1, "rolled_back": 0}
    assert record["last"]["result"] == "refused"
    assert len(record["history"]) == 3


def test_written_by_root_the_files_still_belong_to_the_service(paths: Paths, config_document: Document) -> None:
    for directory in (paths.config.parent, paths.state_dir):
        os.chown(directory, 12345, 23456)
    manager = ConfigManager(paths)
    put(manager, config_document)
    put(manager, config_document | {"version": 2})

    for path in (paths.config, paths.previous_config, paths.last_good_config, paths.state_dir / "config-apply.json"):
        status = path.stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 23456, 0o640)
