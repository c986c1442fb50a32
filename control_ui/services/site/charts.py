"""How a site was over time, as charts: lines with gaps where nothing was measured, and figures in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from control_ui.models import Device
from control_ui.models.scope import ScopedSession
from control_ui.services import device_series
from control_ui.services.device_series import Number

RANGES = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
DEFAULT_RANGE = "6h"
MOST_POINTS = 480
SHORTEST_STEP_SECONDS = 60
GAP_SECONDS = 180
"""Samples come about once a minute: where three are missing, something was."""
Values = list[Number]


@dataclass(frozen=True)
class Line:
    """`values` goes with the times of its charts."""

    label: str
    values: Values

    @property
    def known(self) -> list[float]:
        return [value for value in self.values if value is not None]

    @property
    def least(self) -> float | None:
        return min(self.known, default=None)

    @property
    def most(self) -> float | None:
        return max(self.known, default=None)

    @property
    def mean(self) -> float | None:
        return math.fsum(self.known) / len(self.known) if self.known else None

    @property
    def last(self) -> float | None:
        return self.known[-1] if self.known else None

    @property
    def total(self) -> float:
        return math.fsum(self.known)


@dataclass(frozen=True)
class Chart:
    """Lines of one unit: %, °C, B/s, s, or empty for mere numbers. `most`: where the axis ends at least."""

    name: str
    title: str
    unit: str
    lines: list[Line]
    bars: bool = False
    most: float | None = None


@dataclass(frozen=True)
class Charts:
    """`times` are seconds since 1970. A time at which every line is None stands for a gap."""

    start: datetime
    end: datetime
    step_seconds: int
    times: list[int]
    charts: list[Chart]


@dataclass
class _Points:
    """The steps in which something was measured, with an empty one wherever too many are missing."""

    times: list[int] = field(default_factory=list)
    places: list[int | None] = field(default_factory=list)


def charts(
    session: ScopedSession, device: Device, length: timedelta, now: datetime, *, most_points: int = MOST_POINTS
) -> Charts:
    """Of the time up to now."""
    step = max(SHORTEST_STEP_SECONDS, math.ceil(length.total_seconds() / most_points))
    end = datetime.fromtimestamp(math.ceil(now.timestamp()), UTC)
    found = device_series.series(session, device, end - length, end, step)
    points = _points(found.values, int(found.start.timestamp()), step)

    def values(name: str) -> Values:
        return [None if place is None else found.values[name][place] for place in points.places]

    return Charts(found.start, end, step, points.times, _charts(values, points.times))


def _points(values: dict[str, Values], start: int, step: int) -> _Points:
    measured = [
        place for place, row in enumerate(zip(*values.values(), strict=True)) if any(one is not None for one in row)
    ]
    points = _Points()
    longest = max(GAP_SECONDS, 2 * step)
    for before, place in zip([None, *measured], measured, strict=False):
        if before is not None and (place - before) * step > longest:
            points.times.append(start + (before + 1) * step)
            points.places.append(None)
        points.times.append(start + place * step)
        points.places.append(place)
    return points


def _charts(values: Callable[[str], Values], times: Sequence[int]) -> list[Chart]:
    def percent(name: str) -> Values:
        return [None if value is None else 100 * value for value in values(name)]

    memory = _share(values("memory_usage_bytes"), values("memory_total_bytes"))
    network = [
        Line("received", _rates(values("network_received_bytes"), times)),
        Line("sent", _rates(values("network_transmitted_bytes"), times)),
    ]
    restarts = [
        Line("restarts", _increases(values("stream_restarts"))),
        Line("reconnects", _increases(values("stream_reconnects"))),
    ]
    stream = [Line("fresh pictures", percent("snapshot_fresh")), Line("streaming", percent("streaming"))]
    return [
        Chart("picture", "Picture age", "s", [Line("age", values("snapshot_age_seconds"))]),
        Chart("stream", "Stream quality", "%", stream, most=100),
        Chart("restarts", "Stream restarts", "", restarts, bars=True, most=4),
        Chart("cpu", "Processor", "%", [Line("in use", values("cpu_usage_percent"))], most=100),
        Chart("memory", "Memory", "%", [Line("in use", memory)], most=100),
        Chart("temperature", "Temperature", "°C", [Line("processor", values("temperature_celsius"))], most=80),
        Chart("disk", "Disk", "%", [Line("in use", values("disk_usage_percent"))], most=100),
        Chart("network", "Network", "B/s", network),
    ]


def _share(part: Values, whole: Values) -> Values:
    return [
        100 * one / of if one is not None and of else None  # a Pi without memory has told nonsense
        for one, of in zip(part, whole, strict=True)
    ]


def _rates(counter: Values, times: Sequence[int]) -> Values:
    """Per second. After a gap, or when the counter began anew, there is none."""
    rates: Values = [None] * len(counter)
    for place in range(1, len(counter)):
        before, now = counter[place - 1], counter[place]
        if before is not None and now is not None and now >= before:
            rates[place] = (now - before) / (times[place] - times[place - 1])
    return rates


def _increases(counter: Values) -> Values:
    """By how much it grew since it was last seen, gaps included. A counter that began anew has counted from 0."""
    grown: Values = []
    before: float | None = None
    for now in counter:
        if now is None:
            grown.append(None)
            continue
        grown.append(0.0 if before is None else now - before if now >= before else now)
        before = now
    return grown
