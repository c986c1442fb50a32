"""Who comes first: devices in waves, and devices on two sides."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from control_ui.models import Device
from control_ui.models.devices import DeviceStatus

RINGS = ("canary", "early")
"""In this order, before all others."""
AWAY = (DeviceStatus.OFFLINE, DeviceStatus.NEVER_SEEN)


def in_order(devices: Sequence[Device]) -> list[Device]:
    """By ring, then by name; those that are off come last, since they show nothing."""
    return sorted(devices, key=lambda device: (device.state.status in AWAY, _rank(device.ring), device.name, device.id))


def sizes(waves: Sequence[str], total: int) -> list[int]:
    """How many devices each wave has. `("1", "10%", "100%")` of 50 is 1, 4, 45; empty waves are left out."""
    made: list[int] = []
    for wave in (*waves, "100%"):
        bound = math.ceil(int(wave[:-1]) * total / 100) if wave.endswith("%") else int(wave)
        size = min(bound, total) - sum(made)
        if size > 0:
            made.append(size)
    return made


def numbered(devices: Sequence[Device], waves: Sequence[str]) -> dict[int, int]:
    """The wave of each device, by its id, from 1."""
    wave_of = [number for number, size in enumerate(sizes(waves, len(devices)), start=1) for _ in range(size)]
    return {device.id: wave for device, wave in zip(in_order(devices), wave_of, strict=True)}


def side_b(devices: Sequence[Device], deployment_id: int, split_percent: int) -> set[int]:
    """Ids of the devices on side b: those that come first by a hash of name and deployment.

    So the sides have the sizes that were asked for, nobody chooses who is where, and each deployment splits anew.
    """
    by_hash = sorted(devices, key=lambda device: hashlib.sha256(f"{deployment_id}:{device.name}".encode()).digest())
    return {device.id for device in by_hash[: round(len(devices) * split_percent / 100)]}


def _rank(ring: str) -> int:
    return RINGS.index(ring) if ring in RINGS else len(RINGS)
