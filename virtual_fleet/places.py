"""Where the virtual fleet keeps its things on this machine."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
STATE_ROOT = Path("/var/lib/virtual-fleet")
DEFAULT_CACHE = "/var/cache/virtual-fleet"
CGROUP_NAME = "virtual-fleet"
DEV_INVENTORY = REPOSITORY / "inventory" / "dev" / "hosts.yml"


def cache_root() -> Path:
    """Directory of the base images; `VIRTUAL_FLEET_CACHE` moves it."""
    return Path(os.environ.get("VIRTUAL_FLEET_CACHE", DEFAULT_CACHE))
