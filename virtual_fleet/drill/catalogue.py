"""What is drilled: every kind of fault, how long its cause lasts, and whether anybody but a person can mend it."""

from __future__ import annotations

from dataclasses import dataclass

from virtual_fleet.errors import FleetError
from virtual_fleet.faults import FAULTS

AT_ONCE = 0.0
"""The cause is gone as soon as it was there; what it broke is not."""


@dataclass(frozen=True)
class Drill:
    """One fault of one site.

    `lasts_seconds`: after so long the cause goes away by itself, as when the camera has booted again or the provider is
    back; AT_ONCE where there is nothing to go away; None where it stays until somebody mends it, so that the right
    answer is to call a person.
    """

    kind: str
    lasts_seconds: float | None = AT_ONCE
    title: str = ""
    """Where the catalogue holds a kind twice."""

    @property
    def name(self) -> str:
        return self.title or self.kind

    @property
    def is_for_a_person(self) -> bool:
        return self.lasts_seconds is None


DRILLS = (
    Drill("clock-unsynchronised", 420),  # a Pi that was in time asks every five minutes
    Drill("camera-password", None),
    Drill("camera-off", None, title="camera-off, for good"),
    Drill("agent-off"),
    Drill("stream-off"),
    Drill("config-by-hand"),
    Drill("camera-off", 60),
    Drill("network-cut", 90),
    Drill("power-cut", 45),
    Drill("camera-refuses", 60),
    Drill("camera-silent", 60),
    Drill("camera-frozen", 60),
    Drill("network-slow", 60),
    Drill("clock-jump", 60),
    Drill("disk-full", 60),
    Drill("config-corrupted"),
    Drill("ffmpeg-killed"),
    Drill("ffmpeg-stopped"),
    Drill("stream-killed"),
    Drill("stream-stopped"),
    Drill("api-killed"),
    Drill("api-stopped"),
    Drill("agent-killed"),
    Drill("agent-stopped"),
)


def check() -> None:
    """Raises FleetError where the catalogue of faults and that of drills do not name the same kinds."""
    if unlike := set(FAULTS) ^ {drill.kind for drill in DRILLS}:
        raise FleetError(f"faults and drills differ: {', '.join(sorted(unlike))}")
