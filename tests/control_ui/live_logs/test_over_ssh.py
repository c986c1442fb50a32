"""The journal is followed over real SSH, from Pis that are who they were at registration, and from no others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from control_ui.runner import live_log
from control_ui.runner.live_log import LiveLogError, Target, follow
from control_ui.runner.ssh_keys import KeyFileError
from tests.control_ui.live_logs.sshd import Sshd, new_key, serving
from tests.control_ui.servers import free_port
from tests.pi_service.waiting import wait_for


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with serving(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def target(sshd: Sshd) -> Target:
    return Target("127.0.0.1", sshd.port, sshd.user, (sshd.host_key,), sshd.key_file)


def never() -> bool:
    return False


def after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def read(target: Target, is_over: Callable[[], bool] = never) -> list[str]:
    return [line for lines in follow(target, is_over) for line in lines]


def test_lines_come_as_they_are_written(sshd: Sshd, target: Target) -> None:
    sshd.say(
        'echo one; echo two; printf thr; sleep 0.3; echo ee; while [ ! -e "$0.go" ]; do sleep 0.05; done; echo four'
    )
    go = sshd.directory / "forced.go"
    lines: list[str] = []

    def follow_to_the_end() -> None:
        for some in follow(target, never):
            lines.extend(some)
            if "three" in lines:
                go.touch()

    with pytest.raises(LiveLogError, match="journalctl ended with 0"):
        follow_to_the_end()
    go.unlink()
    assert lines == ["one", "two", "three", "four"]


def test_it_asks_for_the_journal_of_our_units_as_ansible_would(sshd: Sshd, target: Target) -> None:
    sshd.say("sleep 5")
    assert read(target, after(0)) == []
    asked = sshd.asked.read_text().splitlines()[-1]
    assert "journalctl --follow --lines=100 --output=json" in asked
    assert asked.endswith("--unit=carwash-stream.service --unit=carwash-snapshot.service --unit=carwash-agent.service")
    assert replace(target, user="root").command.startswith("exec timeout 660 journalctl")
    assert replace(target, user="ops").command.startswith("exec sudo -n timeout 660 journalctl")


def test_when_it_is_over_what_runs_on_the_pi_ends(sshd: Sshd, target: Target) -> None:
    pid_file = sshd.directory / "pid"
    sshd.say(f"echo $$ > {pid_file}; while echo line; do sleep 0.1; done")
    began = time.monotonic()
    assert set(read(target, after(0.5))) == {"line"}
    assert time.monotonic() - began < 5
    pid = pid_file.read_text().strip()
    wait_for("the program on the Pi to end", lambda: not Path("/proc", pid).exists())


def test_another_host_key_is_refused_before_anything_is_asked(sshd: Sshd, target: Target, tmp_path: Path) -> None:
    before = sshd.asked.read_text()
    stranger = new_key(tmp_path / "stranger")
    with pytest.raises(LiveLogError, match="not this Pi: it shows another host key"):
        read(replace(target, host_keys=(stranger,)))
    assert sshd.asked.read_text() == before


def test_an_unknown_host_key_is_never_accepted(sshd: Sshd, target: Target) -> None:
    before = sshd.asked.read_text()
    with pytest.raises(LiveLogError, match="not found in known_hosts"):
        read(replace(target, host_keys=()))
    assert sshd.asked.read_text() == before


def test_one_of_several_known_keys_is_enough(sshd: Sshd, target: Target, tmp_path: Path) -> None:
    sshd.say("echo here; sleep 5")
    ecdsa = new_key(tmp_path / "ecdsa", "ecdsa")
    assert read(replace(target, host_keys=(sshd.host_key, ecdsa)), after(0.5)) == ["here"]
    with pytest.raises(LiveLogError, match="recorded SSH host key cannot be read"):
        read(replace(target, host_keys=("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=",)))


def test_a_key_that_is_not_let_in(target: Target, tmp_path: Path) -> None:
    new_key(tmp_path / "other")
    with pytest.raises(LiveLogError, match=r"does not let .* in with our SSH key"):
        read(replace(target, key_file=tmp_path / "other"))


def test_a_key_file_that_others_can_read_is_not_used(target: Target, tmp_path: Path) -> None:
    new_key(tmp_path / "open")
    (tmp_path / "open").chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read(replace(target, key_file=tmp_path / "open"))


def test_a_pi_that_is_not_there(target: Target) -> None:
    with pytest.raises(LiveLogError, match="cannot be reached over SSH"):
        read(replace(target, port=free_port()))


def test_what_journalctl_complains_of_is_told(sshd: Sshd, target: Target) -> None:
    sshd.say("echo 'sudo: a password is required' >&2; exit 1")
    with pytest.raises(LiveLogError, match="journalctl ended with 1: sudo: a password is required"):
        read(target)


def test_a_line_without_an_end_is_cut(sshd: Sshd, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_log, "_LONGEST_LINE_BYTES", 1000)
    sshd.say("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo next; sleep 5")
    lines = read(target, after(1.5))
    assert lines[-1] == "next"
    assert len(lines[0]) < 100_000
