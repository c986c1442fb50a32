"""Devices that get worse before they fail: seen in their samples, an hour each, compared with their own past."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from control_ui.models import Degradation, Device, DeviceSample, Site
from control_ui.models.scope import ScopedSession
from control_ui.services.timezones import is_known

LOOK_BACK = timedelta(days=8)
RECENT_HOURS = 6
LEAST_PAST_HOURS = 24
RESTARTS_AN_HOUR = 1.0
"""Fewer are nothing to speak of, whatever they were before."""
TIMES_AS_MANY = 3.0
TIMES_AS_OLD = 1.5
OLDER_BY_SECONDS = 5.0
WARMER_BY_CELSIUS = 8.0
WARM_CELSIUS = 65.0
KINDS = {
    "restarts": "Restarts more and more often",
    "picture_age": "Its pictures get older",
    "temperature": "Warmer than at this hour of other days",
}


@dataclass(frozen=True)
class Hour:
    """One hour of a device, of its samples; None where there were none. `restarts` are those within the hour."""

    at: datetime
    restarts: int = 0
    picture_age_seconds: float | None = None
    temperature_celsius: float | None = None


@dataclass(frozen=True)
class Pattern:
    kind: str
    words: str
    figures: dict[str, float]


def find(hours: Sequence[Hour], timezone: str) -> list[Pattern]:
    """What gets worse, of the hours of one device in their order. A pure function."""
    recent, past = hours[-RECENT_HOURS:], hours[:-RECENT_HOURS]
    if len(past) < LEAST_PAST_HOURS:
        return []
    return [*_restarts(recent, past), *_picture_age(recent, past), *_temperature(recent, past, timezone)]


def _restarts(recent: Sequence[Hour], past: Sequence[Hour]) -> Iterator[Pattern]:
    now = sum(hour.restarts for hour in recent) / len(recent)
    before = sum(hour.restarts for hour in past) / len(past)
    if now >= RESTARTS_AN_HOUR and now >= TIMES_AS_MANY * before:
        words = f"its stream restarted {now:.1f} times an hour in the last {len(recent)} hours, {before:.1f} before"
        yield Pattern("restarts", words, {"now_per_hour": round(now, 2), "before_per_hour": round(before, 2)})


def _picture_age(recent: Sequence[Hour], past: Sequence[Hour]) -> Iterator[Pattern]:
    recent_ages, past_ages = _ages(recent), _ages(past)
    if not recent_ages or not past_ages:
        return
    now, before = statistics.median(recent_ages), statistics.median(past_ages)
    if now >= TIMES_AS_OLD * before and now - before >= OLDER_BY_SECONDS:
        words = f"its pictures were {now:.0f} s old in the last {len(recent)} hours, {before:.0f} s before"
        yield Pattern("picture_age", words, {"now_seconds": round(now, 1), "before_seconds": round(before, 1)})


def _ages(hours: Sequence[Hour]) -> list[float]:
    return [hour.picture_age_seconds for hour in hours if hour.picture_age_seconds is not None]


def _temperature(recent: Sequence[Hour], past: Sequence[Hour], timezone: str) -> Iterator[Pattern]:
    """Compared with the same hours of the day at the site: noon is warmer than midnight, and means nothing."""
    zone = ZoneInfo(timezone if is_known(timezone) else "UTC")
    usual: dict[int, list[float]] = defaultdict(list)
    for hour in past:
        if hour.temperature_celsius is not None:
            usual[hour.at.astimezone(zone).hour].append(hour.temperature_celsius)
    above = [
        (hour.temperature_celsius, statistics.fmean(usual[hour.at.astimezone(zone).hour]))
        for hour in recent
        if hour.temperature_celsius is not None and usual[hour.at.astimezone(zone).hour]
    ]
    if len(above) < 2:
        return
    now, before = (statistics.fmean(column) for column in zip(*above, strict=True))
    if now >= WARM_CELSIUS and now - before >= WARMER_BY_CELSIUS:
        words = f"it was {now:.0f} degrees in the last {len(above)} hours, {before:.0f} at these hours of other days"
        yield Pattern("temperature", words, {"now_celsius": round(now, 1), "before_celsius": round(before, 1)})


def hours_of(session: ScopedSession, device_ids: Sequence[int], now: datetime) -> dict[int, list[Hour]]:
    """By device, the hours of the last eight days, made of one sample in many by the database."""
    hour = _hour(session)
    sample = DeviceSample
    query = (
        sa.select(
            sample.device_id, hour.label("hour"), sa.func.min(sample.stream_restarts),
            sa.func.max(sample.stream_restarts), sa.func.avg(sample.snapshot_age_seconds),
            sa.func.avg(sample.temperature_celsius),
        )
        .where(sample.device_id.in_(device_ids), sample.at > now - LOOK_BACK, sample.at <= now)
        .group_by(sample.device_id, hour)
        .order_by(sample.device_id, hour)
    )  # fmt: skip
    found: dict[int, list[Hour]] = defaultdict(list)
    last: dict[int, int] = {}
    for device_id, number, least, most, age, temperature in session.execute(query):
        at = datetime.fromtimestamp(int(number) * 3600, now.tzinfo)
        found[device_id].append(Hour(at, _grown(last, device_id, least, most), age, temperature))
    return found


def _grown(last: dict[int, int], device_id: int, least: int | None, most: int | None) -> int:
    """How often it restarted within an hour. The counter begins anew with the unit."""
    if least is None or most is None:
        return 0
    before = last.get(device_id, least)
    last[device_id] = most
    return most - (before if before <= least else 0) if before <= most else most


def _hour(session: ScopedSession) -> sa.ColumnElement[Any]:
    """Whole hours since 1970."""
    if session.get_bind().dialect.name == "postgresql":
        return sa.cast(sa.func.floor(sa.extract("epoch", DeviceSample.at) / 3600), sa.BigInteger)
    return sa.cast(sa.func.strftime("%s", DeviceSample.at), sa.Integer) // 3600


DEVICES_AT_ONCE = 100


def look(session: ScopedSession, now: datetime) -> int:
    """Note what gets worse and what no longer does, for all devices; gives how many get worse. Commits."""
    query = sa.select(Device.id, Device.tenant_id, Site.timezone).join(Site, Site.id == Device.site_id)
    devices = session.execute(query.order_by(Device.id)).all()
    worse = 0
    for start in range(0, len(devices), DEVICES_AT_ONCE):
        some = devices[start : start + DEVICES_AT_ONCE]
        hours = hours_of(session, [device_id for device_id, _, _ in some], now)
        for device_id, tenant_id, timezone in some:
            worse += _note(session, device_id, tenant_id, find(hours.get(device_id, []), timezone), now)
        session.commit()
    return worse


def _note(session: ScopedSession, device_id: int, tenant_id: int, patterns: list[Pattern], now: datetime) -> int:
    query = sa.select(Degradation).where(Degradation.device_id == device_id, Degradation.over_at.is_(None))
    known = {row.kind: row for row in session.scalars(query)}
    found = {pattern.kind: pattern for pattern in patterns}
    for kind, row in known.items():
        if kind not in found:
            row.over_at = now
    for kind, pattern in found.items():
        row = known.get(kind) or Degradation(tenant_id=tenant_id, device_id=device_id, kind=kind, since=now)
        row.words, row.figures, row.seen_at = pattern.words, pattern.figures, now
        session.add(row)
    return len(found)


def worsening(session: ScopedSession, device_id: int | None = None) -> list[tuple[Degradation, str, str]]:
    """What gets worse now in this scope, with the device's name and its site's, the oldest first."""
    query = (
        sa.select(Degradation, Device.name, Site.name)
        .join(Device, Device.id == Degradation.device_id)
        .join(Site, Site.id == Device.site_id)
        .where(Degradation.over_at.is_(None))
        .order_by(Degradation.since, Degradation.id)
    )
    if device_id is not None:
        query = query.where(Degradation.device_id == device_id)
    return [(row, device, site) for row, device, site in session.execute(query)]
