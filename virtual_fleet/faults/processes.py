"""Faults of processes: killed or stopped, as a crash or a hang would have it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from virtual_fleet import container
from virtual_fleet.errors import FleetError
from virtual_fleet.faults.kinds import Fault
from virtual_fleet.site import Site

_UNITS = {"stream": "carwash-stream", "api": "carwash-snapshot", "agent": "carwash-agent"}


def main_pid(site: Site, unit: str) -> int:
    """The main process of a site's unit, as the site numbers it. Raises FleetError when the unit does not run."""
    result = container.execute(site, ["systemctl", "show", "--property=MainPID", "--value", f"{unit}.service"])
    pid = int(result.stdout.strip() or 0)
    if not pid:
        raise FleetError(f"{unit}.service does not run on {site.name}: there is nothing to disturb")
    return pid


def _signal_ffmpeg(number: signal.Signals) -> Fault:
    def inject(site: Site, _value: str | None) -> str:
        pids = container.processes(site, "ffmpeg")
        if not pids:
            raise FleetError(f"no ffmpeg runs on {site.name}: there is nothing to disturb")
        for pid in pids:
            os.kill(pid, number)
        return f"{number.name} to {len(pids)} ffmpeg"

    stopped = number is signal.SIGSTOP
    return Fault(
        "ffmpeg-stopped" if stopped else "ffmpeg-killed",
        f"The site's ffmpeg {'hangs (SIGSTOP)' if stopped else 'dies (SIGKILL)'}.",
        inject,
        lambda site: _resume(site) if stopped else None,
    )


def _signal_unit(short_name: str, number: signal.Signals) -> Fault:
    unit = _UNITS[short_name]

    def inject(site: Site, _value: str | None) -> str:
        pid = main_pid(site, unit)
        result = container.execute(site, ["kill", f"-{number.value}", str(pid)])
        if result.returncode:
            raise FleetError(f"process {pid} of {unit} on {site.name} cannot be signalled: {result.stderr.strip()}")
        return f"{number.name} to the main process {pid} of {unit}"

    stopped = number is signal.SIGSTOP
    return Fault(
        f"{short_name}-{'stopped' if stopped else 'killed'}",
        f"The main process of {unit} {'hangs (SIGSTOP)' if stopped else 'dies (SIGKILL)'}.",
        inject,
        lambda site: _resume(site) if stopped else None,
    )


def _resume(site: Site) -> None:
    """Let go on whatever still hangs; usually systemd or the supervisor ended it long ago."""
    for name in ("ffmpeg", "python3"):
        for pid in container.processes(site, name):
            if _is_stopped(pid):
                os.kill(pid, signal.SIGCONT)


def _is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except (FileNotFoundError, ProcessLookupError):
        return False


FAULTS = (
    *(_signal_ffmpeg(number) for number in (signal.SIGKILL, signal.SIGSTOP)),
    *(_signal_unit(unit, number) for unit in _UNITS for number in (signal.SIGKILL, signal.SIGSTOP)),
)
