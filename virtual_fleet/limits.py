"""Kernel limits that many systemd hosts on one machine run into, and the memory they need."""

from __future__ import annotations

from pathlib import Path

from virtual_fleet.commands import say
from virtual_fleet.errors import FleetError

# Every systemd takes several inotify instances of the one root user; sshd sessions take keyrings of the one `ops` user;
# a bridge with 500 sites and 500 cameras holds as many neighbours.
MINIMUMS = {
    "fs/inotify/max_user_instances": 16384,
    "fs/inotify/max_user_watches": 1048576,
    "kernel/keys/maxkeys": 20000,
    "kernel/keys/maxbytes": 2000000,
    "net/ipv4/neigh/default/gc_thresh1": 1024,
    "net/ipv4/neigh/default/gc_thresh2": 4096,
    "net/ipv4/neigh/default/gc_thresh3": 8192,
}
# Measured: 12.6 MB each for 100 bare sites, 14.4 MB each for 500 (systemd, journald, logind, dbus, sshd). A provisioned
# site with its camera took 127 MB before its agent ran; the rest is for the agent and for what the site's disk holds.
BARE_SITE_MEGABYTES = 16
FULL_SITE_MEGABYTES = 200
RESERVE_MEGABYTES = 512
_SYSCTL = Path("/proc/sys")


def raise_limits() -> None:
    """Raise what is lower than needed, and say so. They stay raised until the next boot of the machine."""
    for name, minimum in MINIMUMS.items():
        path = _SYSCTL / name
        if not path.exists():
            continue
        current = int(path.read_text())
        if current < minimum:
            path.write_text(str(minimum))
            say(f"raised {name.replace('/', '.')} from {current} to {minimum}")


def check_memory(new_sites: int, *, bare: bool) -> None:
    """Raise FleetError where the machine's memory does not carry so many more sites."""
    each = BARE_SITE_MEGABYTES if bare else FULL_SITE_MEGABYTES
    available = available_megabytes()
    carried = max(0, (available - RESERVE_MEGABYTES) // each)
    if new_sites > carried:
        kind = "bare" if bare else "full"
        raise FleetError(
            f"{new_sites} more {kind} sites need about {new_sites * each} MB of memory; {available} MB are available"
            f" and {RESERVE_MEGABYTES} MB stay free: up to {carried} would fit"
            f"{'' if bare else '; --bare sites need far less'}"
        )


def available_megabytes() -> int:
    """Memory the kernel could give without swapping, in MiB."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    raise FleetError("/proc/meminfo names no MemAvailable: the kernel is too old for a virtual fleet")
