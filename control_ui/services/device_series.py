"""How a device was over time, in as many points as a chart can show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, DeviceSample
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import Fault, InvalidError

MOST_POINTS = 1000
SHORTEST_STEP_SECONDS = 60
"""Samples are kept about once a minute."""
LONGEST = timedelta(days=400)
Number = float | None
_GAUGES = (
    "cpu_usage_percent",
    "memory_usage_bytes",
    "memory_total_bytes",
    "temperature_celsius",
    "disk_usage_percent",
    "snapshot_age_seconds",
)
_COUNTERS = (
    "network_received_bytes",
    "network_transmitted_bytes",
    "stream_restarts",
    "stream_reconnects",
    "snapshots_published",
    "config_version",
)
SHARES = ("snapshot_fresh", "streaming")


@dataclass(frozen=True)
class Series:
    """Point number n stands for the time from `start + n * step_seconds`. Where nothing was measured it is None."""

    start: datetime
    step_seconds: int
    points: int
    values: dict[str, list[Number]]


def series(
    session: ScopedSession, device: Device, since: datetime, until: datetime, step_seconds: int | None
) -> Series:
    """Gauges are averaged over a step, counters are as they were at its end, and `snapshot_fresh` and `streaming` are
    the share of samples that were so. Raises InvalidError.
    """
    start = datetime.fromtimestamp(math.floor(since.timestamp()), UTC)
    step, points = _steps(until - start, step_seconds)
    values: dict[str, list[Number]] = {name: [None] * points for name in (*_GAUGES, *_COUNTERS, *SHARES)}
    for row in session.execute(_query(session, device.id, start, until, step)).mappings():
        for name, column in values.items():
            column[row["step"]] = None if row[name] is None else float(row[name])
    return Series(start, step, points, values)


def _steps(length: timedelta, step_seconds: int | None) -> tuple[int, int]:
    """How long a step is, and how many there are."""
    if not timedelta(0) < length <= LONGEST:
        raise InvalidError(
            "the span is not valid", [Fault("until", f"must be up to {LONGEST.days} days after `since`")]
        )
    least = math.ceil(length.total_seconds() / MOST_POINTS)
    step = step_seconds or max(least, SHORTEST_STEP_SECONDS)
    if step < least:
        fault = Fault("step", f"must be at least {least} seconds for a span that long: there are {MOST_POINTS} points")
        raise InvalidError("the span is not valid", [fault])
    return step, math.ceil(length.total_seconds() / step)


def _query(session: ScopedSession, device_id: int, start: datetime, until: datetime, step: int) -> sa.Select[Any]:
    sample = DeviceSample
    number = (_epoch(session, sample.at) - int(start.timestamp())) // step
    columns = [sa.func.avg(getattr(sample, name)).label(name) for name in _GAUGES]
    columns += [sa.func.max(getattr(sample, name)).label(name) for name in _COUNTERS]
    columns += [_share(sample.snapshot_fresh, sample.snapshot_fresh.is_(True)).label("snapshot_fresh")]
    columns += [_share(sample.stream_status, sample.stream_status == "streaming").label("streaming")]
    return (
        sa.select(number.label("step"), *columns)
        .where(sample.device_id == device_id, sample.at >= start, sample.at < until)
        .group_by(number)
    )


def _share(column: Any, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    return sa.func.avg(sa.case((column.is_(None), None), (condition, 1.0), else_=0.0))


def _epoch(session: ScopedSession, column: Any) -> sa.ColumnElement[int]:
    """Whole seconds, as SQLite has them anyway."""
    seconds = sa.extract("epoch", column)
    return seconds if session.get_bind().dialect.name == "sqlite" else sa.cast(sa.func.floor(seconds), sa.BigInteger)
