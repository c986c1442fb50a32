"""How the Pi itself is doing: processor, memory, temperature, disk, network, our units. Absent is None, not zero."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from pi_service.paths import Paths

UNITS = ("carwash-stream.service", "carwash-snapshot.service", "carwash-agent.service")
CPU_WINDOW_SECONDS = 1.0  # a shorter window between two readings says more about chance than about load
_CPU_ZONE_TYPES = ("cpu-thermal", "cpu_thermal", "soc-thermal", "soc_thermal", "x86_pkg_temp")
_UNINTERESTING_INTERFACES = re.compile(r"lo|veth.*|docker.*|br-.*")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_START_FIELD = 19  # of /proc/<pid>/stat behind the name, which may hold anything (proc(5): field 22)


@dataclass(frozen=True)
class NetworkBytes:
    """Bytes through one interface since it came up."""

    received: int
    transmitted: int


@dataclass(frozen=True)
class HealthSample:
    """One look at the Pi. `network` goes by interface; `unit_memory_bytes` (sum of resident memory) and
    `unit_started_seconds` (when its oldest process was started, in seconds after boot) by running unit."""

    cpu_usage_percent: float | None
    memory_usage_bytes: int
    memory_total_bytes: int
    temperature_celsius: float | None
    disk_usage_percent: float | None
    network: dict[str, NetworkBytes]
    unit_memory_bytes: dict[str, int]
    unit_started_seconds: dict[str, float] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The sample as a JSON object."""
        return asdict(self)


class HealthMonitor:
    """Takes samples. Safe between threads."""

    def __init__(
        self,
        paths: Paths,
        *,
        thermal_root: Path = Path("/sys/class/thermal"),
        proc_root: Path = Path("/proc"),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state_dir = paths.state_dir
        self._thermal_root = thermal_root
        self._proc_root = proc_root
        self._cpu = _CpuMeter(monotonic)

    def sample(self) -> HealthSample:
        """Measure now. What cannot be measured here is None, or missing from its dictionary."""
        memory = psutil.virtual_memory()
        return HealthSample(
            cpu_usage_percent=self._cpu.usage_percent(),
            memory_usage_bytes=memory.total - memory.available,
            memory_total_bytes=memory.total,
            temperature_celsius=read_temperature_celsius(self._thermal_root),
            disk_usage_percent=self._disk_usage_percent(),
            network=_network(),
            unit_memory_bytes=unit_memory_bytes(self._proc_root),
            unit_started_seconds=unit_started_seconds(self._proc_root),
        )

    def _disk_usage_percent(self) -> float | None:
        try:
            return float(psutil.disk_usage(str(self._state_dir)).percent)
        except OSError:
            return None


class _CpuMeter:
    """Share of the processors' time that was not idle since the last reading, over at least CPU_WINDOW_SECONDS."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._at = monotonic()
        self._busy, self._total = _cpu_seconds()
        self._percent: float | None = None

    def usage_percent(self) -> float | None:
        """None until the first window has passed."""
        with self._lock:
            now = self._monotonic()
            busy, total = _cpu_seconds()
            if now - self._at >= CPU_WINDOW_SECONDS and total > self._total:
                self._percent = min(100.0, max(0.0, 100 * (busy - self._busy) / (total - self._total)))
                self._at, self._busy, self._total = now, busy, total
            return self._percent


def read_temperature_celsius(thermal_root: Path) -> float | None:
    """The processor's thermal zone; where none is named so, the hottest zone. None where there is no sensor."""
    by_type: dict[str, float] = {}
    for zone in sorted(thermal_root.glob("thermal_zone*")):
        try:
            kind = (zone / "type").read_text().strip()
            by_type[kind] = int((zone / "temp").read_text()) / 1000
        except (OSError, ValueError):  # a sensor that is asleep or broken answers with an error: as good as none
            continue
    for kind in _CPU_ZONE_TYPES:
        if kind in by_type:
            return by_type[kind]
    return max(by_type.values(), default=None)


def unit_memory_bytes(proc_root: Path) -> dict[str, int]:
    """Resident memory of each of our units, in bytes, summed over the processes in its control group.

    Works as any user and without the kernel's memory controller, which Raspberry Pi OS leaves switched off.
    """
    sums: dict[str, int] = {}
    for process in _processes(proc_root):
        try:
            unit = unit_of(process)
            if unit is not None:
                resident_pages = int((process / "statm").read_text().split()[1])
                sums[unit] = sums.get(unit, 0) + resident_pages * _PAGE_BYTES
        except (OSError, ValueError, IndexError):  # the process has ended meanwhile, or belongs to somebody else
            continue
    return sums


def unit_started_seconds(proc_root: Path) -> dict[str, float]:
    """When the oldest process of each of our units was started, in seconds after boot: no wall clock can move it."""
    oldest: dict[str, float] = {}
    for process in _processes(proc_root):
        try:
            unit = unit_of(process)
            if unit is not None:
                behind_the_name = (process / "stat").read_text().rpartition(")")[2].split()
                started = int(behind_the_name[_START_FIELD]) / _TICKS_A_SECOND
                oldest[unit] = min(started, oldest.get(unit, started))
        except (OSError, ValueError, IndexError):  # the process has ended meanwhile, or belongs to somebody else
            continue
    return oldest


def unit_of(process: Path) -> str | None:
    """Which of our units the process in `/proc/<pid>` belongs to. Raises OSError where it has ended."""
    parts = {part for line in (process / "cgroup").read_text().splitlines() for part in line.split("/")}
    return next((unit for unit in UNITS if unit in parts), None)


def _processes(proc_root: Path) -> Iterator[Path]:
    return (entry for entry in proc_root.iterdir() if entry.name.isdigit())


def _cpu_seconds() -> tuple[float, float]:
    times = psutil.cpu_times()
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)  # counted in user already
    return total - times.idle - getattr(times, "iowait", 0.0), total


def _network() -> dict[str, NetworkBytes]:
    return {
        name: NetworkBytes(counters.bytes_recv, counters.bytes_sent)
        for name, counters in psutil.net_io_counters(pernic=True).items()
        if not _UNINTERESTING_INTERFACES.fullmatch(name)
    }
