"""What a user of the commands reads, without a fleet being up."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtual_fleet import cli, commands, faults, limits, state
from virtual_fleet.errors import FleetError

PROMISED_FAULTS = {
    "api-killed",
    "camera-frozen",
    "camera-off",
    "camera-password",
    "camera-refuses",
    "camera-silent",
    "clock-jump",
    "config-corrupted",
    "disk-full",
    "ffmpeg-killed",
    "ffmpeg-stopped",
    "network-cut",
    "network-slow",
    "power-cut",
    "stream-killed",
    "stream-stopped",
}


@pytest.fixture(autouse=True)
def _no_fleets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_fleet.places.STATE_ROOT", tmp_path)


def test_every_promised_fault_is_listed_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["faults"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} >= PROMISED_FAULTS
    assert all(len(line.split()) > 4 for line in lines)


def test_an_unknown_fault_names_the_known_ones() -> None:
    with pytest.raises(FleetError, match="camera-frozen"):
        faults.find("meteor")


def test_a_fleet_that_is_not_up_is_said_with_the_command_that_starts_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fault", "camera-off", "1", "--name", "nowhere"]) == 1
    assert "up --name nowhere" in capsys.readouterr().err


def test_missing_programs_are_named_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(FleetError, match=r"apt-get install .*debootstrap.* systemd-container"):
        commands.require_packages()


def test_more_sites_than_memory_carries_are_refused_with_how_many_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "available_megabytes", lambda: 512 + 10 * limits.FULL_SITE_MEGABYTES)
    limits.check_memory(10, bare=False)
    with pytest.raises(FleetError, match="up to 10 would fit"):
        limits.check_memory(11, bare=False)


def test_a_failed_command_ends_in_its_own_words() -> None:
    with pytest.raises(FleetError, match="No such file"):
        commands.run(["cat", "/nonexistent/file"])


def test_a_state_reads_as_it_was_saved() -> None:
    saved = state.FleetState(
        "demo", "10.77", "/image", "/inventory", sites=2, faults={"cw-demo-001": {"disk-full": "x"}}
    )
    saved.save()
    assert state.load("demo") == saved
    assert state.known_fleets() == [saved]
