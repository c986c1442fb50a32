"""Lines of a Pi's journal: kept once each, however often they are sent.

A line whose time cannot be right (the Pi has no clock of its own and had not reached a time server) is kept with the
time of its receipt, and says what the Pi's clock said: under its own time it would lie where nobody looks, and be
pruned at once. As the time is part of the key, such lines are looked up first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from control_ui.models import Device, DeviceLog
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import reading
from control_ui.services.pages import Page, paginate

MOST_LINES = 1000
MOST_CHARACTERS = 1024 * 1024
LONGEST_MESSAGE = 2000
LONGEST_CURSOR = 1000
FURTHEST_BACK = timedelta(days=400)
FURTHEST_AHEAD = timedelta(hours=1)
_INFO, _DEBUG = 6, 7


@dataclass(frozen=True)
class Line:
    """One line, ready to be kept. `moved`: its `at` is the time of receipt."""

    entry_id: str
    at: datetime
    moved: bool
    unit: str
    priority: int
    message: str


def read(sent: Any, mask: reading.Mask, now: datetime) -> list[Line]:
    """The usable lines of `logs` in a check-in. `mask` takes secrets out."""
    lines: list[Line] = []
    characters = 0
    for entry in reading.entries(sent, MOST_LINES):
        line = _line(entry, mask, now)
        characters += len(line.message)
        if characters > MOST_CHARACTERS:
            break
        lines.append(line)
    return lines


def keep(session: ScopedSession, device: Device, lines: list[Line]) -> None:
    """Store what is new, by one statement (one more where a clock was wrong)."""
    known = _known(session, device, [line.entry_id for line in lines if line.moved])
    new = [
        {
            "tenant_id": device.tenant_id,
            "device_id": device.id,
            "entry_id": line.entry_id,
            "at": line.at,
            "unit": line.unit,
            "priority": line.priority,
            "message": line.message,
        }
        for line in lines
        if not (line.moved and line.entry_id in known)
    ]
    if new:
        table: Any = DeviceLog.__table__
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        session.execute(insert(table).on_conflict_do_nothing(), new)


@dataclass(frozen=True)
class Filter:
    """All that is given must hold; `priority`: at least as severe as this."""

    since: datetime | None = None
    until: datetime | None = None
    unit: str | None = None
    priority: int = _DEBUG
    text: str | None = None


def find(session: ScopedSession, device: Device, wanted: Filter, *, limit: int, cursor: str | None) -> Page[DeviceLog]:
    """A page of lines, the newest first. Raises InvalidError for a bad cursor."""
    query = sa.select(DeviceLog).where(DeviceLog.device_id == device.id, DeviceLog.priority <= wanted.priority)
    if wanted.since is not None:
        query = query.where(DeviceLog.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(DeviceLog.at < wanted.until)
    if wanted.unit:
        query = query.where(DeviceLog.unit == wanted.unit)
    if wanted.text:
        query = query.where(DeviceLog.message.icontains(wanted.text, autoescape=True))
    return paginate(session, query, by=(DeviceLog.at, DeviceLog.entry_id), limit=limit, cursor=cursor, descending=True)


def _line(entry: dict[str, Any], mask: reading.Mask, now: datetime) -> Line:
    message = reading.text(entry.get("message"), LONGEST_MESSAGE + reading.MARGIN)
    at = reading.moment(entry.get("at"))
    cursor = reading.text(entry.get("id"), LONGEST_CURSOR) or f"{entry.get('at')} {message}"
    moved = at is None or not now - FURTHEST_BACK <= at <= now + FURTHEST_AHEAD
    if moved:
        message = f"(its clock said {reading.text(entry.get('at'), 40) or 'nothing'}) {message}"
    priority = reading.whole(entry.get("priority"), 0, _DEBUG)
    return Line(
        entry_id=hashlib.sha256(cursor.encode(errors="replace")).hexdigest(),
        at=now if moved or at is None else at,
        moved=moved,
        unit=reading.masked(reading.text(entry.get("unit"), 200), mask, 100),
        priority=_INFO if priority is None else priority,
        message=reading.masked(message, mask, LONGEST_MESSAGE),
    )


def _known(session: ScopedSession, device: Device, entry_ids: list[str]) -> set[str]:
    if not entry_ids:
        return set()
    query = sa.select(DeviceLog.entry_id).where(DeviceLog.device_id == device.id, DeviceLog.entry_id.in_(entry_ids))
    return set(session.scalars(query))
