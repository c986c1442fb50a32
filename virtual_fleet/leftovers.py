"""What a fleet leaves on the machine, found by name alone: works also when nothing remembers the fleet any more."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from virtual_fleet import cgroups, container, network, state, traffic
from virtual_fleet.commands import attempt, run
from virtual_fleet.places import STATE_ROOT

_VETH_SECONDS = 30.0


def find() -> list[str]:
    """A sentence for everything on this machine that belongs to no remembered fleet."""
    known = {fleet.name for fleet in state.known_fleets()}
    found = []
    for name in sorted(fleets_on_this_machine() - known):
        processes, mounts = len(cgroups.pids(name)), len(mounts_of(name))
        found.append(
            f"left over from fleet {name!r}, which nothing remembers: {processes} processes, {mounts} mounts,"
            f" {len(network.namespaces(name))} network namespaces; remove it with"
            f" `python -m virtual_fleet down --name {name}`"
        )
    for fleet in state.known_fleets():
        expected = {f"cw-{fleet.name}-{number:03d}" for number in range(1, fleet.sites + 1)}
        found += [
            f"{site.name} is an orphan: its systemd-nspawn was killed; `up --name {fleet.name}` starts it anew"
            for site in state.sites_of(fleet)
            if container.leader(site) is not None and not container.is_whole(site)
        ]
        extra = sorted(set(network.namespaces(fleet.name)) - expected)
        found += [f"{site} is not among the {fleet.sites} sites of fleet {fleet.name!r}" for site in extra]
    return found


def remove(name: str) -> None:
    """End every process of a fleet, remove its mounts, network and groups. Raises FleetError when something stays."""
    cgroups.kill(name)
    for mount in mounts_of(name):
        run(["umount", mount])
    _remove_network(name)
    cgroups.remove(name)
    shutil.rmtree(STATE_ROOT / name, ignore_errors=False) if (STATE_ROOT / name).exists() else None


def mounts_of(name: str) -> list[str]:
    """Mount points among a fleet's files, innermost first."""
    directory = f"{STATE_ROOT / name}/"
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [point for point in reversed(points) if point.startswith(directory)]


def _remove_network(name: str) -> None:
    """A namespace takes its cable with it, a little later; that is far quicker than cable by cable."""
    namespaces = network.namespaces(name)
    run(["ip", "-batch", "-"], stdin="".join(f"netns delete {namespace}\n" for namespace in namespaces), timeout=300)
    deadline = time.monotonic() + _VETH_SECONDS
    while network.veths(name) and time.monotonic() < deadline and namespaces:
        time.sleep(0.1)  # the kernel tears namespaces down in the background
    for veth in network.veths(name):
        attempt(["ip", "link", "delete", veth])  # it may be gone this very moment
    traffic.remove_all(name)
    network.remove_bridge(name)


def fleets_on_this_machine() -> set[str]:
    """Names of all fleets that left any trace, remembered or not."""
    directories = {path.name for path in STATE_ROOT.glob("*") if path.is_dir()}
    return directories | cgroups.fleets() | set(network.bridges()) | set(network.namespace_owners().values())
