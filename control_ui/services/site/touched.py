"""The runs that touched a site, and how it was over the last days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import Device, DeviceStatusChange, HostResult, Run
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.pages import Page, paginate

LOOK_BACK = timedelta(days=7)
MOST_CHANGES = 100
_LONG_LOOK_BACK = 2000
"""Changes: a site that flaps once in five minutes has as many in a week."""


@dataclass(frozen=True)
class Touch:
    """A run, and what came of it here."""

    run: Run
    host: HostResult


@dataclass(frozen=True)
class Stretch:
    """The site was so from `start` to `end`. No status: nothing is known of that time."""

    start: datetime
    end: datetime
    status: DeviceStatus | None
    reasons: list[str]

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class Timeline:
    """`stretches` fill the time from `since` to `until` without a gap, the oldest first."""

    since: datetime
    until: datetime
    stretches: list[Stretch]

    @property
    def changes(self) -> list[Stretch]:
        """The newest first, as many as anybody reads."""
        return [one for one in reversed(self.stretches) if one.status is not None][:MOST_CHANGES]

    def seconds_in(self, status: DeviceStatus | None) -> float:
        return sum(one.seconds for one in self.stretches if one.status == status)


def runs(session: ScopedSession, device: Device, *, limit: int, cursor: str | None) -> Page[Touch]:
    """A page, the newest first. Raises InvalidError for a bad cursor."""
    query = sa.select(HostResult).where(HostResult.device_id == device.id)
    page = paginate(session, query, by=[HostResult.id], limit=limit, cursor=cursor, descending=True)
    found = session.scalars(sa.select(Run).where(Run.id.in_([host.run_id for host in page.items])))
    by_id = {run.id: run for run in found}
    return Page([Touch(by_id[host.run_id], host) for host in page.items], page.next)


def timeline(session: ScopedSession, device: Device, now: datetime) -> Timeline:
    """Of the last seven days."""
    since = now - LOOK_BACK
    mine = sa.select(DeviceStatusChange).where(DeviceStatusChange.device_id == device.id)
    newest_first = (DeviceStatusChange.at.desc(), DeviceStatusChange.id.desc())
    before = session.scalars(mine.where(DeviceStatusChange.at <= since).order_by(*newest_first).limit(1)).first()
    within = mine.where(DeviceStatusChange.at > since, DeviceStatusChange.at <= now).order_by(*newest_first)
    changes = list(reversed(session.scalars(within.limit(_LONG_LOOK_BACK)).all()))
    starts = [(since, before.status, before.reasons) if before is not None else (since, None, [])]
    starts += [(change.at, change.status, change.reasons) for change in changes]
    ends = [start for start, _, _ in starts[1:]] + [now]
    stretches = [
        Stretch(start, end, status, reasons)
        for (start, status, reasons), end in zip(starts, ends, strict=True)
        if end > start
    ]
    return Timeline(since, now, stretches)
