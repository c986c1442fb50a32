"""What the base image consists of: packages, users, settings. The image's name is a hash over this."""

from __future__ import annotations

from pathlib import Path

import yaml

from virtual_fleet.errors import FleetError
from virtual_fleet.places import REPOSITORY

PI_ROLES = ("base", "ffmpeg", "pi_service", "node_exporter")
"""Their packages are installed in the image."""
MONITORING_ROLES = ("prometheus", "alertmanager")
"""Their packages are in its archive only: a site that is to try such a role can install them."""
LOCAL_ARCHIVE = "/srv/apt"
USER = "ops"
USER_ID = 1000
CLOCK_FAULT = "etc/virtual-fleet/clock-unsynchronised"
"""While there is such a file at a site, its clock is not synchronised."""

# A container's clock is its machine's, so no time server of its own can set it and systemd-timedated can only tell how
# the machine's stands, which says nothing about the site.
_TIMEDATECTL = f"""#!/bin/sh
case "$*" in
*--property=NTPSynchronized*) [ -e /{CLOCK_FAULT} ] && echo no || echo yes ;;
*) exec /usr/bin/timedatectl "$@" ;;
esac
"""

# What a Pi has before any role runs.
BOOTSTRAP_PACKAGES = ("systemd", "systemd-sysv", "dbus", "ca-certificates")
BASE_PACKAGES = (
    "iproute2",
    "iputils-ping",
    "libfaketime",
    "openssh-server",
    "polkitd",
    "procps",
    "python3",
    "python3-apt",
    "sudo",
)

FILES = {
    "etc/apt/sources.list": f"deb [trusted=yes] file:{LOCAL_ARCHIVE} ./\n",
    "etc/apt/apt.conf.d/10site": 'Acquire::Languages "none";\n',
    "etc/ssh/sshd_config.d/site.conf": (
        "# The default key exchange costs several times the CPU, on both sides.\n"
        "KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256\n"
        "HostKey /etc/ssh/ssh_host_ed25519_key\n"
        "UseDNS no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n"
        "MaxStartups 100:30:200\n"
    ),
    "usr/local/bin/timedatectl": _TIMEDATECTL,
    "etc/sudoers.d/ops": f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n",
    "etc/systemd/journald.conf.d/bounded.conf": (
        "[Journal]\nStorage=persistent\nSystemMaxUse=24M\nSystemMaxFileSize=4M\nRuntimeMaxUse=8M\n"
    ),
    "etc/machine-id": "",
    "etc/resolv.conf": "",
    "etc/fstab": "",
}

# Whatever a package enabled is switched off again but for this: a bare site is quiet, and roles enable what they need.
PRESET = "enable ssh.service\nenable systemd-logind.service\nenable dbus.socket\ndisable *\n"
# A getty on the console and units that only complain in a container.
MASKED_UNITS = ("console-getty.service", "getty.target", "systemd-udevd.service", "systemd-binfmt.service")

DPKG_EXCLUDES = (
    "force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n"
    "path-exclude=/usr/share/locale/*\npath-exclude=/usr/share/info/*\n"
)


def role_packages(roles: Path = REPOSITORY / "roles", names: tuple[str, ...] = PI_ROLES) -> list[str]:
    """Debian packages that these roles install, from each role's `<role>_packages` default. Raises FleetError."""
    found: set[str] = set()
    for role in names:
        defaults = roles / role / "defaults" / "main.yml"
        if not defaults.exists():
            continue
        packages = (yaml.safe_load(defaults.read_text()) or {}).get(f"{role}_packages", [])
        if not isinstance(packages, list) or not all(isinstance(name, str) for name in packages):
            raise FleetError(f"{role}_packages in {defaults} must be a list of package names")
        found.update(packages)
    return sorted(found)


def archived_packages(roles: Path = REPOSITORY / "roles") -> list[str]:
    """What is in the image's archive beside the packages that are installed. Raises FleetError."""
    return role_packages(roles, MONITORING_ROLES)
