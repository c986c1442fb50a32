"""Makes a site's network cable slow and lossy.

The kernel's own tool is the netem queue. Where the kernel was built without it, a token bucket limits the rate and the
bridge drops packets at random.
"""

from __future__ import annotations

import json

from virtual_fleet.commands import attempt, run
from virtual_fleet.errors import FleetError
from virtual_fleet.site import Site

RATE = "1mbit"
LOSS_PERCENT = 5
DELAY = "200ms"
_TABLE_PREFIX = "virtual_fleet_"


def slow_down(site: Site) -> str:
    """Slow a site's cable, both ways as far as the kernel can, and return what was used."""
    restore(site)
    netem = ["delay", DELAY, "50ms", "loss", f"{LOSS_PERCENT}%", "rate", RATE]
    if attempt(["tc", "qdisc", "replace", "dev", site.veth, "root", "netem", *netem]).returncode == 0:
        return f"netem: {DELAY} delay, {LOSS_PERCENT} % loss, {RATE}"
    bucket = ["tbf", "rate", RATE, "burst", "16kb", "latency", DELAY]
    run(["tc", "qdisc", "replace", "dev", site.veth, "root", *bucket])
    run(["nft", "-f", "-"], stdin=_loss_rules(site))
    return f"no netem in this kernel; tbf {RATE} with a queue of {DELAY}, and nftables drops {LOSS_PERCENT} % both ways"


def restore(site: Site) -> None:
    """Undo `slow_down`, as far as there is something to undo."""
    attempt(["tc", "qdisc", "delete", "dev", site.veth, "root"])  # fails where the queue is the kernel's own
    if _table(site.veth) in _tables():
        run(["nft", "delete", "table", "bridge", _table(site.veth)])


def remove_all(fleet: str) -> None:
    """Remove the drop rules of every site of a fleet; queues go with their cables."""
    for table in _tables():
        if table.startswith(_table(f"{fleet}-")):
            run(["nft", "delete", "table", "bridge", table])


def _loss_rules(site: Site) -> str:
    drop = f"numgen random mod 100 < {LOSS_PERCENT} drop"
    return (
        f"table bridge {_table(site.veth)} {{\n"
        f'  chain from_site {{ type filter hook prerouting priority 0; iifname "{site.veth}" {drop}; }}\n'
        f'  chain to_site {{ type filter hook postrouting priority 0; oifname "{site.veth}" {drop}; }}\n'
        "}\n"
    )


def _table(veth: str) -> str:
    return f"{_TABLE_PREFIX}{veth.replace('-', '_')}"


def _tables() -> list[str]:
    result = attempt(["nft", "--json", "list", "tables", "bridge"])
    if result.returncode:
        raise FleetError(f"nftables cannot list its tables: {result.stderr.strip()}")
    entries = json.loads(result.stdout)["nftables"]
    return [entry["table"]["name"] for entry in entries if "table" in entry]
