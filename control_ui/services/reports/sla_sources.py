"""What is known of a device over time: its changes of status, and whether its pictures were fresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Device, DeviceSample, DeviceStatusChange, Site
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.reports.intervals import Span

LONGEST_BETWEEN = timedelta(seconds=150)
"""A sample a minute is meant to be kept: with one more than two missing, nothing is known any more."""
CHECKINS_BETWEEN = 3
"""Where a Pi checks in more seldom than that, a sample speaks for three of its check-ins."""
FRESH = "fresh"
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Place:
    """A device at its site."""

    device_id: int
    device: str
    site_id: int
    site: str
    timezone: str
    windows: list[Any]


@dataclass(frozen=True)
class Piece:
    """From `start` until before `end` it was so."""

    start: datetime
    end: datetime
    state: str

    @property
    def span(self) -> Span:
        return self.start, self.end


def places(session: ScopedSession, site: str | None) -> list[Place]:
    """The devices of this scope, or of one site, by name of site and device."""
    query = (
        sa.select(Device.id, Device.name, Site.id, Site.name, Site.timezone, Site.maintenance_windows)
        .join(Site, Site.id == Device.site_id)
        .order_by(Site.name, Site.id, Device.name, Device.id)
    )
    if site is not None:
        query = query.where(Site.name == site)
    found = [Place(*row) for row in session.execute(query)]
    session.commit()
    return found


def checkin_intervals(session: ScopedSession, until: datetime) -> dict[int, float]:
    """The longest time between two check-ins that a device was ever told, in seconds, by device."""
    told = ConfigVersion.shown["checkin_interval_seconds"].as_float()
    query = sa.select(ConfigVersion.device_id, sa.func.max(told)).where(ConfigVersion.created_at < until)
    found = session.execute(query.group_by(ConfigVersion.device_id)).all()
    session.commit()
    return {device_id: seconds for device_id, seconds in found if seconds is not None}


def status_pieces(session: ScopedSession, device_id: int, within: Span) -> list[Piece]:
    """How the device was. Where nothing is known yet, there is no piece."""
    change = DeviceStatusChange
    query = sa.select(change.at, change.status).where(change.device_id == device_id)
    before = query.where(change.at < within[0]).order_by(change.at.desc(), change.id.desc()).limit(1)
    during = query.where(change.at >= within[0], change.at < within[1]).order_by(change.at, change.id)
    changes = [*session.execute(before).all(), *session.execute(during).all()]
    session.commit()
    ends = [*(change.at for change in changes), within[1]][1:]  # as many as there are changes
    return [
        Piece(max(change.at, within[0]), end, str(change.status))
        for change, end in zip(changes, ends, strict=True)
        if max(change.at, within[0]) < end and change.status != DeviceStatus.NEVER_SEEN
    ]


def picture_pieces(session: ScopedSession, device_id: int, within: Span, checkin_seconds: float | None) -> list[Piece]:
    """Whether its pictures were fresh, and how the stream was where they were not.

    A sample speaks for the time until the next, but not for ever: where samples are missing there is no piece.
    """
    longest = max(LONGEST_BETWEEN, timedelta(seconds=CHECKINS_BETWEEN * (checkin_seconds or 0)))
    samples = sa.and_(
        DeviceSample.device_id == device_id, DeviceSample.at >= within[0] - longest, DeviceSample.at < within[1]
    )
    turns = session.execute(_turns(session, samples, longest)).all()
    last = session.scalars(sa.select(sa.func.max(DeviceSample.at)).where(samples)).one()
    session.commit()
    lasts = [*(turn.at_before for turn in turns), last][1:]  # of each stretch that a turn begins, its last sample
    nexts = [*(turn.at for turn in turns), within[1]][1:]
    pieces = (
        Piece(max(turn.at, within[0]), min(end + longest, following, within[1]), turn.state)
        for turn, end, following in zip(turns, lasts, nexts, strict=True)
    )
    return [piece for piece in pieces if piece.start < piece.end]


def _turns(session: ScopedSession, samples: sa.ColumnElement[bool], longest: timedelta) -> sa.Select[Any]:
    """Samples that are unlike the one before, or come too long after it: few of many, found by the database."""
    sample = DeviceSample
    state = sa.case(
        (sample.snapshot_fresh.is_(True), FRESH),
        (sample.snapshot_fresh.is_(None), NOT_MEASURED),
        else_=sa.func.coalesce(sample.stream_status, "unknown"),
    ).label("state")
    at_before = sa.func.lag(sample.at, type_=sample.at.type).over(order_by=sample.at)
    state_before = sa.func.lag(state).over(order_by=sample.at)
    columns = (sample.at, state, at_before.label("at_before"), state_before.label("state_before"))
    lined = sa.select(*columns).where(samples).subquery().c
    goes_on = sa.and_(lined.state == lined.state_before, _close(session, lined.at_before, lined.at, longest))
    return (
        sa.select(lined.at, lined.state, lined.at_before)
        .where(sa.or_(lined.at_before.is_(None), sa.not_(goes_on)))
        .order_by(lined.at)
    )


def _close(session: ScopedSession, earlier: Any, later: Any, longest: timedelta) -> sa.ColumnElement[bool]:
    """SQLite keeps moments as text; PostgreSQL is four times as fast with its own type."""
    if session.get_bind().dialect.name == "sqlite":
        apart = sa.extract("epoch", later) - sa.extract("epoch", earlier)
        return apart <= longest.total_seconds()
    interval: sa.ColumnElement[bool] = sa.type_coerce(later - earlier, sa.Interval) <= longest
    return interval
