"""Where this machine gets its Debian packages: the base image is built from the same place."""

from __future__ import annotations

from dataclasses import dataclass

from virtual_fleet.commands import run
from virtual_fleet.errors import FleetError

SUITE = "bookworm"
_FORMAT = "$(ORIGIN)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)"


@dataclass(frozen=True)
class AptSource:
    """One archive: `deb <uri> <suite> main`."""

    uri: str
    suite: str

    def line(self, options: str = "") -> str:
        """The line of a sources.list."""
        return f"deb {options + ' ' if options else ''}{self.uri} {self.suite} main"


def read_sources() -> list[AptSource]:
    """Debian's archives in this machine's apt configuration, of any format; the main one first. Raises FleetError."""
    return parse(run(["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"]))


def parse(listing: str) -> list[AptSource]:
    """Choose from apt's own listing: the suite, its updates and its security updates, as far as they are configured.

    On a machine of another Debian release, its main archive is used: an archive holds all releases.
    """
    debian = [line.split("|") for line in listing.splitlines() if line.startswith("Debian|main|")]
    wanted = (SUITE, f"{SUITE}-updates", f"{SUITE}-security")
    found = {release: uri for _, _, release, uri in debian if release in wanted}
    if SUITE not in found:
        main_archives = [uri for _, _, release, uri in debian if "-" not in release]
        if not main_archives:
            raise FleetError(
                "apt on this machine knows no Debian archive; put one into /etc/apt/sources.list and run apt-get update"
            )
        found[SUITE] = main_archives[0]
    return [AptSource(found[suite], suite) for suite in wanted if suite in found]


def acquire_settings() -> str:
    """This machine's proxies for apt, as a configuration file for the image's build."""
    dump = run(["apt-config", "dump", "Acquire"])
    return "".join(f"{line}\n" for line in dump.splitlines() if "::Proxy" in line)
