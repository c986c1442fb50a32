"""One virtual car wash: its names, addresses and files. Pure data; nothing here changes the machine."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from virtual_fleet import places
from virtual_fleet.errors import FleetError

MAX_SITES = 500
SITES_PER_BLOCK = 250
CAMERA_PORT = 554
CAMERA_PATH = "/stream1"
CAMERA_USER = "camera"
_FLEET_NAME = re.compile(r"[a-z][a-z0-9]{0,10}")


def check_fleet_name(name: str) -> str:
    """The name itself. Raises FleetError unless bridge and interface names can be made of it."""
    if not _FLEET_NAME.fullmatch(name):
        raise FleetError(
            f"{name!r} cannot name a fleet: 1 to 11 lower-case letters and digits, a letter first (for example demo)"
        )
    return name


@dataclass(frozen=True)
class Site:
    """Site number `index` (from 0) of a fleet whose addresses lie in `prefix` (such as `10.77`)."""

    fleet: str
    index: int
    prefix: str

    @property
    def number(self) -> int:
        return self.index + 1

    @property
    def name(self) -> str:
        """Host name, machine name and inventory name."""
        return f"cw-{self.fleet}-{self.number:03d}"

    @property
    def title(self) -> str:
        """The name a person sees, also in the camera's picture."""
        return (
            f"{self.fleet.capitalize()} Car Wash {self.number}"
            if self.fleet != "demo"
            else f"Dev Car Wash {self.number}"
        )

    @property
    def address(self) -> str:
        return self._address(0)

    @property
    def camera_address(self) -> str:
        """The camera's own address on the bridge."""
        return self._address(128)

    @property
    def camera_url(self) -> str:
        """The camera's stream with user and password, as the site has it."""
        login = f"{quote(CAMERA_USER, safe='')}:{quote(self.camera_password, safe='')}"
        return f"rtsp://{login}@{self.camera_address}:{CAMERA_PORT}{CAMERA_PATH}"

    @property
    def camera_password(self) -> str:
        return self.camera_password_file.read_text().strip()

    @property
    def mac_address(self) -> str:
        """Fixed, so that neighbours need not learn it anew after a power cut."""
        octets = ipaddress.IPv4Address(self.address).packed
        return ":".join(f"{octet:02x}" for octet in (2, 0, *octets))

    @property
    def veth(self) -> str:
        """The host's end of the site's network cable; also names its traffic rules."""
        return f"{self.fleet}-{self.number:03d}"

    @property
    def directory(self) -> Path:
        return places.STATE_ROOT / self.fleet / "sites" / self.name

    @property
    def disk(self) -> Path:
        """The site's disk: a tmpfs of bounded size under the overlay."""
        return self.directory / "disk"

    @property
    def root(self) -> Path:
        """The site's file system as the host sees it."""
        return self.directory / "root"

    @property
    def console_log(self) -> Path:
        return self.directory / "console.log"

    @property
    def host_key(self) -> Path:
        return self.directory / "ssh_host_ed25519_key"

    @property
    def camera_password_file(self) -> Path:
        return self.directory / "camera_password"

    @property
    def camera_control(self) -> Path:
        return self.directory / "camera.sock"

    @property
    def camera_log(self) -> Path:
        return self.directory / "camera.log"

    def _address(self, offset: int) -> str:
        return f"{self.prefix}.{self.index // SITES_PER_BLOCK + offset}.{self.index % SITES_PER_BLOCK + 2}"
