"""A fleet in a box: real Debian hosts with systemd and sshd, and a real RTSP camera each, on one Linux machine.

From Python: `from virtual_fleet import Fleet`. A camera alone: `from virtual_fleet.cameras import Camera`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from virtual_fleet.fleet import Fleet

__all__ = ["Fleet"]


def __getattr__(name: str) -> Any:
    """Load the fleet only when asked for: a camera's process runs on the system's Python, which has less installed."""
    if name == "Fleet":
        from virtual_fleet.fleet import Fleet

        return Fleet
    raise AttributeError(f"module 'virtual_fleet' has no attribute {name!r}")
