"""A control group for every site: it keeps systemd instances apart, and says which process belongs to whom.

Works on cgroup v1, hybrid and pure v2. Whatever a fleet runs lives under `virtual-fleet/<fleet>/<site>/<part>`, where
part is `boot` (the container), `keeper` (the shell that boots it again after a reboot) or `camera`.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from virtual_fleet.errors import FleetError
from virtual_fleet.places import CGROUP_NAME

_MOUNT = Path("/sys/fs/cgroup")
_KILL_SECONDS = 20.0
_GONE = (errno.ENOENT, errno.ENODEV)


def hierarchies() -> list[Path]:
    """The cgroup trees that track processes: v1's `systemd` and v2's `unified` on a hybrid machine, else v2's."""
    if (_MOUNT / "cgroup.procs").exists():
        return [_MOUNT]
    found = [path for path in (_MOUNT / "systemd", _MOUNT / "unified") if (path / "cgroup.procs").exists()]
    if not found:
        raise FleetError(
            f"no cgroup tree of systemd's is mounted under {_MOUNT}; mount -t cgroup2 none {_MOUNT} makes one"
        )
    return found


def create(fleet: str, site: str, part: str) -> list[Path]:
    """Make a part's groups, one a hierarchy. A process joins by writing its pid into each one's `cgroup.procs`."""
    groups = [tree / CGROUP_NAME / fleet / site / part for tree in hierarchies()]
    for group in groups:
        group.mkdir(parents=True, exist_ok=True)
    return groups


def join(groups: list[Path], pid: int) -> None:
    """Move a process into its groups."""
    for group in groups:
        (group / "cgroup.procs").write_text(str(pid))


def pids(*names: str) -> list[int]:
    """Every process under `virtual-fleet/<names...>`, of all levels below."""
    found: set[int] = set()
    for group in _groups(*names):
        try:
            found.update(int(line) for line in (group / "cgroup.procs").read_text().split())
        except OSError as failure:
            if failure.errno not in _GONE:  # the group of a unit that ended meanwhile
                raise
    return sorted(found)


def kill(*names: str) -> None:
    """SIGKILL every process under `virtual-fleet/<names...>` until there is none. Raises FleetError after 20 s."""
    deadline = time.monotonic() + _KILL_SECONDS
    while left := pids(*names):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            raise FleetError(f"processes {left[:10]} of {'/'.join(names)} do not end, not even by SIGKILL")
        time.sleep(0.01)  # a killed process needs a moment to leave its group; the kernel sends no event on v1


def remove(*names: str) -> None:
    """Remove the empty groups under `virtual-fleet/<names...>`, and their parents where nothing is left in them."""
    for group in reversed(_groups(*names)):
        if group.exists():
            _remove_when_empty(group)
    for tree in hierarchies():
        for depth in range(len(names) - 1, -1, -1):
            parent = tree.joinpath(CGROUP_NAME, *names[:depth])
            if parent.is_dir() and not any(path.is_dir() for path in parent.iterdir()):
                _remove_when_empty(parent)


def fleets() -> set[str]:
    """Names of fleets that have groups, whether or not anything remembers them."""
    return {path.name for tree in hierarchies() for path in (tree / CGROUP_NAME).glob("*") if path.is_dir()}


def _remove_when_empty(group: Path) -> None:
    """The kernel frees a group a moment after its last process ended."""
    for attempt in range(50):
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if attempt == 49:
                raise
            time.sleep(0.02)
        else:
            return


def _groups(*names: str) -> list[Path]:
    """All groups under `virtual-fleet/<names...>`, parents first."""
    return [group for tree in hierarchies() for group in _walk(tree.joinpath(CGROUP_NAME, *names))]


def _walk(top: Path) -> Iterator[Path]:
    if top.is_dir():
        for directory, _, _ in os.walk(top):
            yield Path(directory)
