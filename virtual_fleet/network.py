"""The fleet's own network: one bridge, a cable (veth) and a namespace for each site, an address for each camera.

Nothing is routed: the sites reach each other, their cameras and this machine, nothing else.
"""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path

from virtual_fleet.commands import run
from virtual_fleet.errors import FleetError
from virtual_fleet.places import STATE_ROOT
from virtual_fleet.site import Site
from virtual_fleet.state import locked_file

FIRST_PREFIX, LAST_PREFIX = 77, 99
NAMESPACES = Path("/run/netns")
_SITE_NAME = re.compile(r"cw-([a-z][a-z0-9]*)-\d{3}")


def bridge_name(fleet: str) -> str:
    return f"cw-{fleet}"


def gateway_address(prefix: str) -> str:
    """This machine's address on the bridge."""
    return f"{prefix}.255.254"


def choose_prefix(taken: set[str]) -> str:
    """The first free `10.N` whose /16 no fleet and no interface or route of this machine uses."""
    in_use = _networks_in_use()
    for number in range(FIRST_PREFIX, LAST_PREFIX + 1):
        prefix = f"10.{number}"
        network = ipaddress.ip_network(f"{prefix}.0.0/16")
        if prefix not in taken and not any(network.overlaps(other) for other in in_use):
            return prefix
    raise FleetError(
        f"every network from 10.{FIRST_PREFIX}.0.0/16 to 10.{LAST_PREFIX}.0.0/16 is in use on this machine; end a fleet"
        " with `python -m virtual_fleet down --name NAME`"
    )


def create_bridge(fleet: str, prefix: str) -> None:
    """Make the fleet's bridge, or leave it as it is."""
    bridge = bridge_name(fleet)
    if not _link_exists(bridge):
        run(["ip", "link", "add", bridge, "type", "bridge"])
    run(["ip", "address", "replace", f"{gateway_address(prefix)}/16", "dev", bridge])
    run(["ip", "link", "set", bridge, "up"])


def remove_bridge(fleet: str) -> None:
    if _link_exists(bridge_name(fleet)):
        run(["ip", "link", "delete", bridge_name(fleet)])


def plug_in(site: Site) -> Path:
    """Give a site its network namespace, with a configured `host0` in it, and return the namespace's path."""
    with locked_file(STATE_ROOT / ".namespaces.lock"):  # two `ip netns add` at once can trip over each other
        return _plug_in(site)


def _plug_in(site: Site) -> Path:
    path = NAMESPACES / site.name
    if path.exists() and _link_exists(site.veth):
        return path
    unplug(site)
    run(["ip", "netns", "add", site.name])
    peer = f"peer name host0 netns {site.name} address {site.mac_address}"
    host_side = [f"link add {site.veth} type veth {peer}", f"link set {site.veth} master {bridge_name(site.fleet)} up"]
    run(["ip", "-batch", "-"], stdin="\n".join(host_side))
    inside = ["link set lo up", f"address add {site.address}/16 dev host0", "link set host0 up"]
    run(["ip", "-netns", site.name, "-batch", "-"], stdin="\n".join(inside))
    return path


def unplug(site: Site) -> None:
    """Remove a site's cable and namespace, as far as they are there."""
    if _link_exists(site.veth):
        run(["ip", "link", "delete", site.veth])
    remove_namespace(site.name)


def remove_namespace(name: str) -> None:
    if (NAMESPACES / name).exists():
        run(["ip", "netns", "delete", name])


def set_cable(site: Site, *, plugged: bool) -> None:
    """Pull a site's network cable or put it back. A site without power has no cable to pull."""
    if _link_exists(site.veth):
        run(["ip", "link", "set", site.veth, "up" if plugged else "down"])


def add_camera_address(site: Site) -> None:
    run(["ip", "address", "replace", f"{site.camera_address}/32", "dev", bridge_name(site.fleet)])


def remove_camera_address(site: Site) -> None:
    """From now on nobody answers for the camera, not even with a refusal."""
    bridge = bridge_name(site.fleet)
    if site.camera_address in run(["ip", "-brief", "address", "show", "dev", bridge]).replace("/", " ").split():
        run(["ip", "address", "delete", f"{site.camera_address}/32", "dev", bridge])


def bridges() -> dict[str, str]:
    """Fleet name to bridge, for every bridge named like ours."""
    links = json.loads(run(["ip", "-json", "link", "show", "type", "bridge"]) or "[]")
    names = [link["ifname"] for link in links if link]
    return {name.removeprefix("cw-"): name for name in names if name.startswith("cw-")}


def veths(fleet: str) -> list[str]:
    """Host ends of cables of this fleet, whether or not their sites are remembered."""
    links = json.loads(run(["ip", "-json", "link", "show", "type", "veth"]) or "[]")
    pattern = re.compile(rf"{fleet}-\d{{3}}")
    return [link["ifname"] for link in links if link and pattern.fullmatch(link["ifname"])]


def namespaces(fleet: str) -> list[str]:
    """Network namespaces of this fleet, whether or not their sites are remembered."""
    return [name for name, owner in namespace_owners().items() if owner == fleet]


def namespace_owners() -> dict[str, str]:
    """Network namespaces named like a site's, with the fleet in their name."""
    if not NAMESPACES.is_dir():
        return {}
    matches = (_SITE_NAME.fullmatch(path.name) for path in NAMESPACES.iterdir())
    return {match[0]: match[1] for match in matches if match}


def _link_exists(name: str) -> bool:
    return Path("/sys/class/net", name).exists()


def _networks_in_use() -> list[ipaddress.IPv4Network]:
    interfaces = json.loads(run(["ip", "-4", "-json", "address", "show"]) or "[]")
    routes = json.loads(run(["ip", "-4", "-json", "route", "show", "table", "all"]) or "[]")
    found = [f"{info['local']}/{info['prefixlen']}" for link in interfaces if link for info in link["addr_info"]]
    found += [route["dst"] for route in routes if route.get("dst", "default") != "default"]
    return [ipaddress.IPv4Network(text, strict=False) for text in found]
