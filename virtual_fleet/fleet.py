"""A fleet in a box, from Python: `Fleet("demo").up(sites=3)`. The commands are thin covers over this."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from virtual_fleet import access, bringup, container, faults, inventory, leftovers, site_camera, state
from virtual_fleet.commands import require_packages, say
from virtual_fleet.errors import FleetError
from virtual_fleet.site import Site, check_fleet_name
from virtual_fleet.state import FleetState


@dataclass(frozen=True)
class SiteStatus:
    """One line of `status`. `faults` holds a note for each fault in force, by kind."""

    site: Site
    running: bool
    ssh: bool
    camera: str
    faults: dict[str, str]


class Fleet:
    """One fleet, by name. Several live side by side on one machine. Needs root; every method raises FleetError."""

    def __init__(self, name: str = "demo") -> None:
        self.name = check_fleet_name(name)

    def up(
        self,
        *,
        sites: int = 3,
        bare: bool = False,
        inventory_path: Path | None = None,
        interval_seconds: float | None = None,
        disk_megabytes: int | None = None,
        tenants: int | None = None,
        control_url: str | None = None,
        enrolment_tokens: Mapping[str, str] | None = None,
    ) -> None:
        """Have at least so many sites running, each with its camera unless `bare`; what runs already is left alone.

        Returns when every site's sshd answers. `interval_seconds` sets the pictures' interval in the inventory,
        `disk_megabytes` the size of the disks of sites started now (default 384), `tenants` among how many companies
        the inventory deals the sites out (default 6). `control_url` and `enrolment_tokens` (by site name) let the sites
        register with a control plane once `site.yml` has run. What is not given stays as an earlier `up` had it.
        """
        require_root()
        require_packages()
        with state.locked(self.name):
            wishes = bringup.Wishes(
                sites,
                bare,
                inventory_path,
                interval_seconds,
                disk_megabytes,
                control_url,
                enrolment_tokens or {},
                tenants,
            )
            bringup.bring_up(self.name, wishes)

    def down(self) -> None:
        """End the fleet and remove all of it, also what an interrupted command left behind."""
        require_root()
        with state.locked(self.name):
            remembered = state.load(self.name)
            path = Path(remembered.inventory) if remembered else inventory.default_path(self.name)
            leftovers.remove(self.name)
            path.unlink(missing_ok=True)

    @property
    def is_up(self) -> bool:
        """Whether anything remembers this fleet."""
        return state.load(self.name) is not None

    @property
    def sites(self) -> tuple[Site, ...]:
        """Every site, in order."""
        return state.sites_of(self._state())

    def site(self, name: str) -> Site:
        """A site by its name (`cw-demo-001`) or number (`1`)."""
        for site in self.sites:
            if name in (site.name, str(site.number)):
                return site
        raise FleetError(
            f"fleet {self.name!r} has no site {name!r}; it has {', '.join(site.name for site in self.sites)}"
        )

    def status(self) -> list[SiteStatus]:
        """How every site is, asked now."""
        remembered = self._state()
        return bringup.in_parallel(lambda site: _status(site, remembered), self.sites)

    def fault(self, kind: str, site: Site | str, value: str | None = None) -> str:
        """Make a site suffer and return a note on how it was done. Doing it twice is like doing it once."""
        target = self._resolve(site)
        fault = faults.find(kind)
        if self._state().bare and fault.needs_camera:
            raise FleetError(f"{target.name} is a bare site: it has no camera for the fault {kind!r}")
        with state.locked(self.name):
            remembered = self._state()
            of_site = remembered.faults.setdefault(target.name, {})
            of_site[kind] = "not complete"
            remembered.save()
            of_site[kind] = fault.inject(target, value)
            remembered.save()
            return of_site[kind]

    def prepare(self, kind: str, site: Site | str) -> None:
        """Do what a fault needs in advance (restarts, say), so that `fault` itself does nothing but the fault."""
        faults.find(kind).prepare(self._resolve(site))

    def heal(self, site: Site | str) -> list[str]:
        """Lift every fault of a site and return their kinds. A site without faults stays as it is."""
        target = self._resolve(site)
        with state.locked(self.name):
            remembered = self._state()
            kinds = list(remembered.faults.get(target.name, {}))
            for kind in kinds:
                faults.find(kind).lift(target)
                del remembered.faults[target.name][kind]
                remembered.save()
            if container.leader(target) is None:
                bringup.start_site(target, remembered)
            return kinds

    def run(self, site: Site | str, command: Sequence[str], *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command as root inside a site, without SSH, whatever the state of its network."""
        return container.execute(self._resolve(site), command, timeout=timeout)

    def ssh_command(self, site: Site | str) -> list[str]:
        """The `ssh` command that logs in to a site as an engineer would, its host key checked."""
        return access.ssh_command(self._resolve(site))

    @property
    def inventory_path(self) -> Path:
        """The hosts file written by `up`; its directory holds group_vars and host_vars too."""
        return Path(self._state().inventory)

    @property
    def api_key(self) -> str:
        """The key for every site's snapshot API; the sites know its SHA-256 only."""
        self._state()
        return access.api_key(self.name).read_text().strip()

    @property
    def gateway(self) -> str:
        """This machine's address as the sites see it."""
        return bringup.gateway_of(self._state())

    def _state(self) -> FleetState:
        remembered = state.load(self.name)
        if remembered is None:
            raise FleetError(
                f"there is no fleet {self.name!r}; start it with `python -m virtual_fleet up --name {self.name}`"
            )
        return remembered

    def _resolve(self, site: Site | str) -> Site:
        return site if isinstance(site, Site) else self.site(site)


def down_all() -> list[str]:
    """End every fleet on this machine, remembered or not, and return their names."""
    names = sorted(leftovers.fleets_on_this_machine())
    for name in names:
        Fleet(name).down()
        say(f"fleet {name!r} is down")
    return names


def _status(site: Site, remembered: FleetState) -> SiteStatus:
    camera = "-" if remembered.bare else site_camera.describe(site)
    running = container.leader(site) is not None
    in_force = remembered.faults.get(site.name, {})
    return SiteStatus(site, running, running and container.ssh_greets(site), camera, in_force)


def require_root() -> None:
    """Raise FleetError unless we are root."""
    if os.geteuid():
        raise FleetError("a virtual fleet needs root (namespaces, mounts, network): run it with sudo")
