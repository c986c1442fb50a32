"""Whoever records a run may be slow, or fail; the run goes on, and its events are on disk."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Any

import pytest

from control_ui.runner.ansible import RunStatus, run_playbook
from control_ui.runner.artifacts import Journal, read_events
from control_ui.runner.events import Event
from tests.control_ui.runner.conftest import MakeRequest, Play
from tests.pi_service.waiting import wait_for

SHOWN = {"text": "x"}


def test_what_is_on_disk_is_what_was_told(play: Play) -> None:
    run = play("outcomes", "plain-1", "changing-1", "failing-1")
    assert list(read_events(run.request.private_data_dir)) == run.events


def test_an_event_is_on_disk_before_anybody_is_told_of_it(make_request: MakeRequest) -> None:
    request = make_request("show", "quick-1", extra_variables=SHOWN)
    missing: list[Event] = []

    def on_event(event: Event) -> None:
        if event not in list(read_events(request.private_data_dir)):
            missing.append(event)

    run_playbook(request, on_event, lambda: False)
    assert missing == []


def test_both_callbacks_run_on_the_caller_s_thread(make_request: MakeRequest) -> None:
    threads: set[threading.Thread] = set()

    def on_event(event: Event) -> None:
        threads.add(threading.current_thread())

    def cancelled() -> bool:
        threads.add(threading.current_thread())
        return False

    run_playbook(make_request("show", "quick-1", extra_variables=SHOWN), on_event, cancelled)
    assert threads == {threading.current_thread()}


def test_a_recorder_that_is_slow_does_not_hold_ansible_up_and_gets_everything(make_request: MakeRequest) -> None:
    """This one takes its first event only when Ansible has said its last word."""
    request = make_request("show", "quick-1", "quick-2", extra_variables=SHOWN)
    told: list[Event] = []

    def on_event(event: Event) -> None:
        wait_for("Ansible's recap", lambda: recap_is_on_disk(request.private_data_dir))
        told.append(event)

    outcome = run_playbook(request, on_event, lambda: False)
    assert outcome.status is RunStatus.SUCCESSFUL
    assert told == list(read_events(request.private_data_dir))


def recap_is_on_disk(private_data_dir: Path) -> bool:
    return any(event.kind == "playbook_on_stats" for event in read_events(private_data_dir))


def test_a_recorder_that_fails_does_not_end_the_run_and_is_told_of(
    make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    request = make_request("outcomes", "changing-1")
    failure = ConnectionError("the database is away")

    def on_event(event: Event) -> None:
        raise failure

    outcome = run_playbook(request, on_event, lambda: False)
    assert outcome.status is RunStatus.SUCCESSFUL
    assert outcome.recording_error is failure
    assert list(read_events(request.private_data_dir))[-1].kind == "playbook_on_stats"
    assert len(caplog.records) == 1  # not one for each event


def test_a_recorder_that_recovers_is_offered_what_comes_later(make_request: MakeRequest) -> None:
    told: list[Event] = []

    def on_event(event: Event) -> None:
        if event.counter <= 3:
            raise ConnectionError("the database is away")
        told.append(event)

    run_playbook(make_request("show", "quick-1", extra_variables=SHOWN), on_event, lambda: False)
    assert told[0].counter == 4
    assert told[-1].kind == "playbook_on_stats"


def test_nobody_knows_whether_to_cancel_so_the_run_goes_on(make_request: MakeRequest) -> None:
    failure = ConnectionError("Redis is away")

    def cancelled() -> bool:
        raise failure

    outcome = run_playbook(make_request("show", "quick-1", extra_variables=SHOWN), lambda _: None, cancelled)
    assert outcome.status is RunStatus.SUCCESSFUL
    assert outcome.recording_error is failure


def test_a_full_disk_does_not_end_the_run_and_is_told_of(
    make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Event:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "append", full)
    told: list[Event] = []
    outcome = run_playbook(make_request("show", "quick-1", extra_variables=SHOWN), told.append, lambda: False)
    assert outcome.status is RunStatus.SUCCESSFUL
    assert isinstance(outcome.recording_error, OSError)
    assert told[-1].kind == "playbook_on_stats"


def test_if_ansible_runner_gives_up_ansible_is_ended_and_the_reason_given(
    make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Event:
        raise RuntimeError("something unheard of")

    monkeypatch.setattr("control_ui.runner.ansible.from_runner", broken)
    outcome = run_playbook(make_request("wait", "slow-1"), lambda _: None, lambda: False)
    assert outcome.status is RunStatus.FAILED
    assert outcome.error == "ansible-runner gave up: something unheard of"
    assert "gave up" in caplog.text


def test_without_ansible_the_reason_is_told(
    make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(ValueError, match="ansible-playbook does not exist; install ansible-core"):
        run_playbook(make_request("show", "quick-1"), lambda _: None, lambda: False)
