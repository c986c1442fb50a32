"""How a run is ended from outside, and that nothing of it goes on after that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from control_ui.runner.ansible import RunStatus, run_playbook
from control_ui.runner.artifacts import ARTIFACTS, discard, read_events
from control_ui.runner.events import Event
from tests.control_ui.runner.conftest import MakeRequest, Play, fold
from tests.pi_service.waiting import wait_for

HOSTS = ("quick-1", "quick-2", "slow-1", "slow-2")
WAIT = "Wait for ever"
LeftBehind = Callable[[], list[psutil.Process]]


def waiting(events: list[Event]) -> bool:
    """Whether the quick hosts are through and the slow ones at what never ends."""
    begun = {event.host for event in events if event.kind == "runner_on_start" and event.task == WAIT}
    ended = {event.host for event in events if event.kind == "runner_on_ok" and event.task == WAIT}
    return begun == set(HOSTS) and ended == {"quick-1", "quick-2"}


@pytest.fixture
def left_behind() -> LeftBehind:
    """Gives what this test started below this process: the servers of other tests are there before it."""
    before = set(psutil.Process().children(recursive=True))
    return lambda: [process for process in psutil.Process().children(recursive=True) if process not in before]


def test_a_canceled_run_ends_and_tells_the_hosts_in_flight_from_those_that_were_not(
    play: Play, left_behind: LeftBehind
) -> None:
    run = play("wait", *HOSTS, cancelled=waiting)
    assert run.outcome.status is RunStatus.CANCELED
    assert {name: (host.outcome, host.task) for name, host in run.results.items()} == {
        "quick-1": ("ok", ""),
        "quick-2": ("ok", ""),
        "slow-1": (None, WAIT),
        "slow-2": (None, WAIT),
    }
    assert not any(host.finished for host in run.results.values())  # another task might have come
    assert left_behind() == []


def test_a_run_that_takes_too_long_is_ended(play: Play, left_behind: LeftBehind) -> None:
    run = play("wait", *HOSTS, timeout_seconds=3)
    assert run.outcome.status is RunStatus.TIMEOUT
    assert run.outcome.return_code != 0
    assert left_behind() == []


def test_a_run_that_ignores_being_asked_is_killed(play: Play, left_behind: LeftBehind) -> None:
    run = play("stubborn", "quick-1", cancelled=lambda events: any(event.host for event in events))
    assert run.outcome.status is RunStatus.CANCELED
    assert left_behind() == []


def test_a_supervisor_that_hangs_is_killed(
    play: Play, left_behind: LeftBehind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("control_ui.runner.ansible.KILL_AFTER_SECONDS", 1.0)
    processes: list[psutil.Process] = []

    def hang_then_cancel(events: list[Event]) -> bool:
        if not waiting(events):
            return False
        supervisor = next(process for process in left_behind() if process.ppid() == os.getpid())
        processes.extend(supervisor.children(recursive=True))
        supervisor.suspend()
        return True

    run = play("wait", *HOSTS, cancelled=hang_then_cancel)
    assert run.outcome.status is RunStatus.CANCELED
    wait_for("the end of every process of the run", lambda: not any(map(is_alive, processes)), seconds=10)


def test_a_run_is_ended_when_its_caller_is_interrupted(make_request: MakeRequest, left_behind: LeftBehind) -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_playbook(make_request("wait", *HOSTS), lambda _: None, interrupt)
    assert left_behind() == []


def test_a_cancellation_that_comes_too_late_changes_nothing(play: Play) -> None:
    def recap(events: list[Event]) -> bool:
        return any(event.kind == "playbook_on_stats" for event in events)

    run = play("show", "quick-1", extra_variables={"text": "x"}, cancelled=recap)
    assert run.outcome.status is RunStatus.SUCCESSFUL
    assert run.outcome.return_code == 0


def test_ansible_leaves_no_scratch_files(play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "t"
    temporary.mkdir()
    monkeypatch.setattr("control_ui.runner.workspace.PLACES", (str(temporary),))
    monkeypatch.setattr("control_ui.runner.workspace._LONGEST_SCRATCH", 500)
    play("wait", *HOSTS, cancelled=waiting)
    assert list(temporary.iterdir()) == []


WORKER = """
import sys
from pathlib import Path
from control_ui.runner.ansible import run_playbook
from tests.control_ui.runner.conftest import a_request
request = a_request(Path(sys.argv[1]), "wait", *sys.argv[2:])
run_playbook(request, lambda event: print(event.kind, event.host, event.task, sep="|", flush=True), lambda: False)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has called run_playbook, whose quick hosts are through and whose slow ones never will be."""
    command = [sys.executable, "-c", WORKER, str(tmp_path / "run"), *HOSTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        missing = {f"runner_on_start|{host}|{WAIT}" for host in HOSTS} | {
            f"runner_on_ok|quick-{n}|{WAIT}" for n in (1, 2)
        }
        for line in process.stdout:
            missing.discard(line.strip())
            if not missing:
                break
        yield process
        process.kill()


def test_nothing_outlives_a_worker_that_is_killed_and_nothing_reported_is_lost(
    worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    processes = psutil.Process(worker.pid).children(recursive=True)
    assert len(processes) >= 4  # the supervisor, Ansible, its fork for each slow host
    worker.kill()
    worker.wait()
    wait_for("the end of every process of the run", lambda: not any(map(is_alive, processes)), seconds=10)
    results = fold(list(read_events(tmp_path / "run")))
    assert {name: host.outcome for name, host in results.items()} == {
        "quick-1": "ok",
        "quick-2": "ok",
        "slow-1": None,
        "slow-2": None,
    }
    scratch = (tmp_path / "run" / ARTIFACTS).resolve().parent
    assert [path.name for path in scratch.iterdir()] == [ARTIFACTS]
    discard(tmp_path / "run")
    assert not scratch.exists()
    assert not (tmp_path / "run").exists()


def test_a_killed_supervisor_takes_ansible_with_it_and_the_run_fails(worker: subprocess.Popen[str]) -> None:
    (supervisor,) = psutil.Process(worker.pid).children()
    processes = supervisor.children(recursive=True)
    supervisor.send_signal(signal.SIGKILL)
    assert worker.wait(30) == 0
    wait_for("the end of every process of the run", lambda: not any(map(is_alive, processes)), seconds=10)


def is_alive(process: psutil.Process) -> bool:
    """Not one that only waits for its parent, which may be whatever adopts orphans here, to take note of its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
