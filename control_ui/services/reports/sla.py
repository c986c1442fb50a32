"""How well a tenant's sites were served: reachability, freshness of pictures, and availability, which is both at once.

- A Pi is *reachable* while it checks in (its status is online or degraded).
- Its picture is *fresh* while its samples say so. A sample speaks for the time until the next one, at most for 150 s;
  where samples are missing, nothing is known, and that is no good time.
- It is *available* while it is both. A site is available while all of its Pis are.
- Time before a Pi was seen for the first time is not counted; neither, if asked for, are planned maintenance windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from control_ui.models import Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.reports import sla_sources
from control_ui.services.reports.intervals import Span, Spans, intersection, length, union
from control_ui.services.reports.period import Period
from control_ui.services.reports.sla_device import DeviceSla, Gap, Measure
from control_ui.services.reports.sla_sources import Place
from control_ui.services.runs import windows

TARGET_PERCENT = 99.5
MOST_GAPS = 200


@dataclass(frozen=True)
class Options:
    """What is asked for."""

    target_percent: float = TARGET_PERCENT
    exclude_maintenance: bool = False
    site: str | None = None


@dataclass(frozen=True)
class Share:
    """How much of the time that is counted was good."""

    counted: timedelta = timedelta()
    reachable: timedelta = timedelta()
    fresh: timedelta = timedelta()
    available: timedelta = timedelta()

    def __add__(self, other: Share) -> Share:
        return Share(
            self.counted + other.counted,
            self.reachable + other.reachable,
            self.fresh + other.fresh,
            self.available + other.available,
        )

    def percent(self, good: timedelta) -> float | None:
        """To three places, never rounded up: what is shown as the target has met it. None where no time is counted."""
        return good * 100_000 // self.counted / 1000 if self.counted else None

    def meets(self, target_percent: float) -> bool | None:
        """None where no time is counted."""
        return self.available * 100 >= self.counted * target_percent if self.counted else None


@dataclass(frozen=True)
class SiteSla:
    """One site. Of its gaps the longest are listed, in their order, and how many more there were."""

    site: str
    devices: list[str]
    never_seen: list[str]
    """Devices that had not been seen by the end of the period: not counted."""
    share: Share
    not_counted: timedelta
    """Before the first Pi was seen."""
    maintenance: timedelta
    """Excluded, where that was asked for."""
    gaps: list[Gap]
    more_gaps: int
    more_gaps_length: timedelta


@dataclass(frozen=True)
class Sla:
    """The whole report. `until` is the end of the period, or now, if that is earlier."""

    options: Options
    until: datetime
    samples_since: datetime
    """Older ones are no longer kept."""
    sites: list[SiteSla]
    share: Share

    @property
    def sites_below(self) -> list[SiteSla]:
        """Those that missed the target."""
        return [site for site in self.sites if site.share.meets(self.options.target_percent) is False]


def report(session: ScopedSession, tenant: Tenant, period: Period, options: Options, now: datetime) -> Sla:
    """The SLA of a tenant's sites. Reads device by device, each in its own transaction."""
    until = max(period.start, min(period.end, now))
    samples_since = now - timedelta(days=tenant.sample_retention_days)
    measure = Measure(session, (period.start, until), samples_since)
    found = groupby(sla_sources.places(session, options.site), key=lambda place: place.site_id)
    sites = [_site(measure, list(places), options) for _, places in found]
    return Sla(options, until, samples_since, sites, sum((site.share for site in sites), Share()))


def _site(measure: Measure, places: Sequence[Place], options: Options) -> SiteSla:
    planned = _planned(places[0], measure.within) if options.exclude_maintenance else []
    measured = {place.device: measure.device(place, planned) for place in places}
    seen = {device: found for device, found in measured.items() if found is not None}
    share = _share(list(seen.values()))
    gaps = sorted(_named(seen, several=len(places) > 1), key=lambda gap: gap.length, reverse=True)
    whole = measure.within[1] - measure.within[0]
    return SiteSla(
        site=places[0].site,
        devices=list(measured),
        never_seen=[device for device, found in measured.items() if found is None],
        share=share,
        not_counted=whole - length(planned) - share.counted,
        maintenance=length(planned),
        gaps=sorted(gaps[:MOST_GAPS], key=lambda gap: gap.start),
        more_gaps=len(gaps[MOST_GAPS:]),
        more_gaps_length=sum((gap.length for gap in gaps[MOST_GAPS:]), timedelta()),
    )


def _planned(place: Place, within: Span) -> Spans:
    """A site without windows may be worked on at any time, but no time of it is maintenance."""
    return intersection(union(windows.openings(place.windows, place.timezone, *within)), [within])


def _named(seen: dict[str, DeviceSla], *, several: bool) -> list[Gap]:
    """The gaps of all devices; with the device's name where the site has several."""
    return [
        Gap(gap.start, gap.end, f"{device}: {gap.reason}" if several else gap.reason)
        for device, found in seen.items()
        for gap in found.gaps
    ]


def _share(devices: Sequence[DeviceSla]) -> Share:
    counted = union(span for device in devices for span in device.counted)
    unreachable = union(span for device in devices for span in device.unreachable)
    stale = union(span for device in devices for span in device.stale)
    whole = length(counted)
    return Share(
        whole, whole - length(unreachable), whole - length(stale), whole - length(union([*unreachable, *stale]))
    )
