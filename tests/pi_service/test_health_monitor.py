"""Health of the Pi: measured where it can be, absent where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pi_service.healing.clock_sync import ASK_EVERY_SECONDS, ASK_EVERY_SECONDS_WHILE_NOT, ClockSync
from pi_service.health_monitor import (
    UNITS,
    HealthMonitor,
    read_temperature_celsius,
    unit_memory_bytes,
    unit_started_seconds,
)
from pi_service.paths import Paths
from tests.pi_service.api_fixtures import TurnedClocks


def zone(root: Path, number: int, kind: str, temperature: str | None) -> None:
    directory = root / f"thermal_zone{number}"
    directory.mkdir(parents=True)
    (directory / "type").write_text(kind + "\n")
    if temperature is not None:
        (directory / "temp").write_text(temperature)


def test_the_processor_s_zone_is_read_whatever_the_others_say(tmp_path: Path) -> None:
    zone(tmp_path, 0, "battery", "99000\n")
    zone(tmp_path, 1, "cpu-thermal", "48312\n")
    assert read_temperature_celsius(tmp_path) == pytest.approx(48.312)


def test_without_a_zone_named_so_the_hottest_one_counts(tmp_path: Path) -> None:
    zone(tmp_path, 0, "acpitz", "40000\n")
    zone(tmp_path, 1, "pch", "51000\n")
    assert read_temperature_celsius(tmp_path) == 51


@pytest.mark.parametrize("content", [None, "", "hot\n"])
def test_a_sensor_that_gives_nothing_is_absent_not_zero(tmp_path: Path, content: str | None) -> None:
    zone(tmp_path, 0, "cpu-thermal", content)
    assert read_temperature_celsius(tmp_path) is None


def test_a_pi_without_any_sensor_has_no_temperature(tmp_path: Path) -> None:
    assert read_temperature_celsius(tmp_path / "no such directory") is None


def test_the_sample_agrees_with_the_machine(paths: Paths) -> None:
    sample = HealthMonitor(paths).sample()
    assert sample.memory_total_bytes == psutil.virtual_memory().total
    assert 0 < sample.memory_usage_bytes < sample.memory_total_bytes
    assert sample.disk_usage_percent == pytest.approx(psutil.disk_usage(str(paths.state_dir)).percent, abs=5)
    assert "lo" not in sample.network


def test_a_state_directory_that_is_away_leaves_the_disk_unknown(paths: Paths) -> None:
    paths.state_dir.rmdir()
    assert HealthMonitor(paths).sample().disk_usage_percent is None


def test_processor_load_is_unknown_until_a_window_has_passed_and_then_between_0_and_100(paths: Paths) -> None:
    clocks = TurnedClocks()
    monitor = HealthMonitor(paths, monotonic=clocks.boottime)
    assert monitor.sample().cpu_usage_percent is None
    busy_until = time.process_time() + 0.05
    while time.process_time() < busy_until:
        pass
    clocks.pass_time(2)
    load = monitor.sample().cpu_usage_percent
    assert load is not None
    assert 0 < load <= 100


def process(root: Path, pid: int, cgroup: str, resident_pages: int) -> None:
    directory = root / str(pid)
    directory.mkdir()
    (directory / "cgroup").write_text(cgroup)
    (directory / "statm").write_text(f"9999 {resident_pages} 1 1 0 1 0\n")


def test_memory_of_a_unit_is_that_of_all_processes_in_its_control_group(tmp_path: Path) -> None:
    page = os.sysconf("SC_PAGE_SIZE")
    process(tmp_path, 10, "0::/system.slice/carwash-stream.service\n", 100)
    process(tmp_path, 11, "0::/system.slice/carwash-stream.service/ffmpeg\n", 50)
    process(tmp_path, 12, "1:name=systemd:/site-1/system.slice/carwash-snapshot.service\n0::/\n", 7)
    process(tmp_path, 13, "0::/system.slice/ssh.service\n", 1000)
    process(tmp_path, 14, "0::/system.slice/not-carwash-stream.service\n", 1000)
    (tmp_path / "15").mkdir()  # ended between the listing and the look
    (tmp_path / "self").mkdir()
    assert unit_memory_bytes(tmp_path) == {
        "carwash-stream.service": 150 * page,
        "carwash-snapshot.service": 7 * page,
    }


def test_a_unit_that_does_not_run_has_no_memory_at_all(tmp_path: Path) -> None:
    process(tmp_path, 10, "0::/init.scope\n", 100)
    assert unit_memory_bytes(tmp_path) == {}


@pytest.mark.parametrize(("said", "known"), [("yes", True), ("no", False), ("", None), ("maybe", None)])
def test_the_clock_is_as_synchronised_as_timedated_says(said: str, known: bool | None) -> None:
    assert ClockSync(lambda: 0.0, ("echo", said)).synchronised() is known


@pytest.mark.parametrize("command", [("false",), ("/no/such/program",)])
def test_without_timedated_the_clock_is_unknown(command: tuple[str, ...]) -> None:
    assert ClockSync(lambda: 0.0, command).synchronised() is None


def test_timedated_is_asked_now_and_then_and_more_often_while_it_says_no(tmp_path: Path) -> None:
    said = tmp_path / "said"
    said.write_text("no")
    clocks = TurnedClocks()
    sync = ClockSync(clocks.boottime, ("cat", str(said)))
    assert sync.synchronised() is False
    said.write_text("yes")
    clocks.pass_time(ASK_EVERY_SECONDS_WHILE_NOT - 1)
    assert sync.synchronised() is False
    clocks.pass_time(1)
    assert sync.synchronised() is True
    said.write_text("no")
    clocks.pass_time(ASK_EVERY_SECONDS - 1)
    assert sync.synchronised() is True
    clocks.pass_time(1)
    assert sync.synchronised() is False


def test_the_monitor_needs_no_web_server_in_memory() -> None:
    program = "import sys, pi_service.agent; print(sorted({'flask', 'waitress', 'prometheus_client'} & {*sys.modules}))"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.strip() == "[]"


def test_a_unit_is_as_old_as_its_oldest_process_by_the_clock_since_boot(tmp_path: Path) -> None:
    for pid, ticks in ((7, 4200), (9, 1500), (11, "soon")):
        process(tmp_path, pid, "0::/system.slice/carwash-stream.service\n", 1)
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (a) name) S " + "0 " * 18 + f"{ticks} 0 0\n")
    process(tmp_path, 12, "0::/system.slice/carwash-agent.service\n", 1)
    started = unit_started_seconds(tmp_path)
    assert started == {"carwash-stream.service": 1500 / os.sysconf("SC_CLK_TCK")}
    assert unit_started_seconds(Path("/proc")).keys() <= set(UNITS)
