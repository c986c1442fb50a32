"""A site as a running system: its disk, its identity, its boot, and its processes."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from virtual_fleet import cgroups, commands, network
from virtual_fleet.commands import run
from virtual_fleet.errors import FleetError
from virtual_fleet.image_contents import USER, USER_ID
from virtual_fleet.site import Site

BOOT_TIMEOUT_SECONDS = 90.0
_CONNECT_TIMEOUT_SECONDS = 1.0
_REBOOT_STATUS = 133  # what systemd-nspawn --keep-unit ends with when the system inside reboots
# The shell stays outside the container's group; each boot is a child that joins the group and becomes systemd-nspawn.
_KEEPER = f"""
while :; do
    (for group in $BOOT_GROUPS; do echo 0 > "$group/cgroup.procs" || exit 1; done; exec "$@")
    [ $? -eq {_REBOOT_STATUS} ] || exit
done
"""


def mount(site: Site, image: Path, disk_megabytes: int) -> None:
    """Give the site its disk, an overlay over the image on a tmpfs of bounded size; left alone when it is there."""
    site.disk.mkdir(parents=True, exist_ok=True)
    site.root.mkdir(exist_ok=True)
    if not site.disk.is_mount():
        run(["mount", "-t", "tmpfs", "-o", f"size={disk_megabytes}m,mode=0755", site.veth, str(site.disk)])
        for name in ("upper", "work"):
            (site.disk / name).mkdir()
    if not site.root.is_mount():
        layers = f"lowerdir={image},upperdir={site.disk}/upper,workdir={site.disk}/work"
        run(["mount", "-t", "overlay", "-o", layers, site.veth, str(site.root)])


def unmount(site: Site) -> None:
    """Throw the site's disk away."""
    for place in (site.root, site.disk):
        while place.is_mount():
            run(["umount", str(place)])


def write_identity(site: Site, authorized_key: str) -> None:
    """Make the site unlike every other: host name, machine-id, SSH host key; and let the fleet's key in."""
    etc = site.root / "etc"
    (etc / "hostname").write_text(f"{site.name}\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {site.name}\n::1 localhost\n")
    machine_id = etc / "machine-id"
    if not machine_id.read_text().strip():
        machine_id.write_text(f"{os.urandom(16).hex()}\n")
    _install(site.host_key.read_text(), etc / "ssh" / site.host_key.name, mode=0o600, owner=0)
    _install(
        site.host_key.with_suffix(".pub").read_text(), etc / "ssh" / f"{site.host_key.name}.pub", mode=0o644, owner=0
    )
    _install(authorized_key, site.root / "home" / USER / ".ssh" / "authorized_keys", mode=0o600, owner=USER_ID)


def boot(site: Site) -> None:
    """Start the site's systemd; returns at once. A `reboot` inside boots it again."""
    namespace = network.plug_in(site)
    groups = cgroups.create(site.fleet, site.name, "boot")
    keeper_groups = cgroups.create(site.fleet, site.name, "keeper")
    command = [
        "systemd-nspawn",
        "--quiet",
        "--boot",
        "--register=no",
        "--keep-unit",
        "--settings=no",
        "--link-journal=no",
    ]
    command += ["--resolv-conf=off", "--timezone=off", "--capability=CAP_NET_ADMIN", f"--machine={site.name}"]
    command += [f"--directory={site.root}", f"--network-namespace-path={namespace}"]
    environment = {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin"),
        "BOOT_GROUPS": " ".join(map(str, groups)),
    }
    keeper = ["sh", "-c", _KEEPER, "keeper", *command]
    with site.console_log.open("ab") as console:
        commands.start_detached(keeper, environment, keeper_groups, output=console.fileno())


def wait_for_ssh(site: Site, *, timeout: float = BOOT_TIMEOUT_SECONDS) -> None:
    """Return as soon as sshd greets. Raises FleetError with the end of the console when it does not."""
    deadline = time.monotonic() + timeout
    while not ssh_greets(site):
        if time.monotonic() > deadline:
            raise FleetError(
                f"{site.name} has no sshd after {timeout:.0f} s; its console ended with: {_console_end(site)}"
            )
        if not cgroups.pids(site.fleet, site.name, "keeper"):
            raise FleetError(f"{site.name} ended while it booted; its console ended with: {_console_end(site)}")
        time.sleep(0.1)  # a refused connect is answered at once, and nothing inside could tell us sooner


def ssh_greets(site: Site) -> bool:
    """Whether an SSH server answers on the site's address, within a second."""
    try:
        with socket.create_connection((site.address, 22), timeout=_CONNECT_TIMEOUT_SECONDS) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def leader(site: Site) -> int | None:
    """The host's pid of the site's own PID 1, or None when it is not running."""
    for pid in cgroups.pids(site.fleet, site.name, "boot"):
        if _pids_by_namespace(pid)[1:] == [1]:
            return pid
    return None


def is_whole(site: Site) -> bool:
    """Whether the site runs under its keeper. SIGKILL to systemd-nspawn leaves an orphan that nothing boots again."""
    return leader(site) is not None and bool(cgroups.pids(site.fleet, site.name, "keeper"))


def processes(site: Site, name: str) -> list[int]:
    """The host's pids of the site's processes whose command is called `name` (15 characters at most)."""
    found = []
    for pid in cgroups.pids(site.fleet, site.name, "boot"):
        try:
            if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                found.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return found


def execute(
    site: Site, command: Sequence[str], *, timeout: float = 60, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command as root inside the site, without SSH. Raises FleetError for a site that is down or too slow."""
    try:
        return subprocess.run(
            inside(site, command), input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as expired:
        raise FleetError(f"`{command[0]}` on {site.name} did not end within {timeout} s") from expired


def inside(site: Site, command: Sequence[str]) -> list[str]:
    """The command line that runs `command` as root inside the site. Raises FleetError when the site is not running."""
    pid = leader(site)
    if pid is None:
        raise FleetError(
            f"{site.name} is not running; `python -m virtual_fleet heal {site.name} --name {site.fleet}` boots it"
        )
    enter = ["nsenter", "--target", str(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "--"]
    environment = [
        "env",
        "-i",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "HOME=/root",
        "LC_ALL=C.UTF-8",
    ]
    return [*enter, *environment, *command]


def _pids_by_namespace(pid: int) -> list[int]:
    """The pid as each nested pid namespace sees it, the host's first; empty for a process that ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    match = re.search(r"^NSpid:\s+(.*)$", status, re.MULTILINE)
    return [int(number) for number in match[1].split()] if match else []


def _install(content: str, path: Path, *, mode: int, owner: int) -> None:
    path.write_text(content)
    path.chmod(mode)
    os.chown(path, owner, owner)


def _console_end(site: Site) -> str:
    if not site.console_log.exists():
        return "(it never started)"
    lines = site.console_log.read_text(errors="replace").strip().splitlines()
    return " | ".join(lines[-5:])
