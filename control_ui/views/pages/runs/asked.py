"""What a list of runs or deployments is narrowed to, as it stands in its address. What makes no sense there is left
out: an address is typed, shared, and kept for years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, request

_LONGEST = 100
_LARGEST_ID = 2**63 - 1
_NAMES = ("state", "playbook", "template", "kind", "person", "since", "until", "text", "tenant")


@dataclass(frozen=True)
class Asked:
    """`since` and `until` are days, both included, in the viewer's time zone."""

    state: str = ""
    playbook: str = ""
    template: int | None = None
    kind: str = ""
    person: str = ""
    since: str = ""
    until: str = ""
    text: str = ""
    tenant: int | None = None
    cursor: str | None = None

    @classmethod
    def read(cls) -> Asked:
        """Of this request."""
        words = {name: request.args.get(name, "").replace("\x00", "").strip()[:_LONGEST] for name in _NAMES}
        days = {name: words[name] if _day(words[name]) else "" for name in ("since", "until")}
        numbers = {name: _number(words[name]) for name in ("template", "tenant")}
        return cls(**(words | days | numbers), cursor=request.args.get("cursor") or None)  # type: ignore[arg-type]

    def query(self, **changes: Any) -> dict[str, Any]:
        """For an address with the same filters, but for `changes`; pages begin anew."""
        values = {name: getattr(self, name) for name in _NAMES} | changes
        return {name: value for name, value in values.items() if value}

    @property
    def narrowed(self) -> bool:
        return bool(self.query())

    @property
    def from_moment(self) -> datetime | None:
        return _midnight(self.since, 0)

    @property
    def to_moment(self) -> datetime | None:
        """Not included."""
        return _midnight(self.until, 1)


def _midnight(text: str, days_later: int) -> datetime | None:
    day = _day(text)
    if day is None:
        return None
    zone = ZoneInfo(g.person.timezone)
    return datetime.combine(day + timedelta(days=days_later), time(), zone).astimezone(UTC)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) <= _LARGEST_ID else None
