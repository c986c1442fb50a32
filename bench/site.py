"""Virtual sites for the benchmarks that need a whole site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from virtual_fleet.ansible import run_playbook
from virtual_fleet.fleet import Fleet

INTERVAL_SECONDS = 2


@contextmanager
def provisioned_fleet(sites: int) -> Iterator[Fleet]:
    """Sites installed by `site.yml`, with an interval of two seconds. They end with the context."""
    fleet = Fleet("bench")
    fleet.down()
    try:
        fleet.up(sites=sites, interval_seconds=INTERVAL_SECONDS)
        result = run_playbook(fleet.inventory_path.parent, "site.yml", capture_output=True)
        if result.returncode:
            raise RuntimeError(f"site.yml failed on the virtual sites:\n{result.stdout}{result.stderr}")
        yield fleet
    finally:
        fleet.down()
