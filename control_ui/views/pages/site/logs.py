"""The lines that a site's Pi has sent, searched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import request

from control_ui.services.devices import logs
from control_ui.services.errors import InvalidError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.site.device import fetch, tab
from control_ui.views.pages.site.lines import LINES

PER_PAGE = 200
LONGEST_TEXT = 200
LEVELS = {3: "errors", 4: "warnings and worse", 6: "all but debug", 7: "everything"}
EVERYTHING = 7
UNITS = ("carwash-stream.service", "carwash-snapshot.service", "carwash-agent.service")


@dataclass(frozen=True)
class Asked:
    """As it was entered; times without a zone are the site's."""

    text: str
    unit: str
    level: int
    since: str
    until: str

    @classmethod
    def read(cls) -> Asked:
        given = request.args
        level = given.get("level", "")
        chosen = int(level) if level.isascii() and level.isdecimal() and int(level) in LEVELS else EVERYTHING
        unit = given.get("unit", "")
        return cls(
            given.get("q", "").replace("\x00", "")[:LONGEST_TEXT],
            unit if unit in UNITS else "",
            chosen,
            given.get("since", "")[:30],
            given.get("until", "")[:30],
        )

    def filter(self, timezone: str) -> logs.Filter:
        """Raises InvalidError for a time that is none."""
        return logs.Filter(
            _moment(self.since, timezone),
            _moment(self.until, timezone),
            self.unit or None,
            self.level,
            self.text or None,
        )


@page("/sites/<int:device_id>/logs", permission=Permission.FLEET_READ)
def site_logs(call: Call, device_id: int) -> Answer:
    """A page of lines, the newest first."""
    device, asked, problems = fetch(call, device_id), Asked.read(), Problems()
    wanted = logs.Filter()
    try:
        wanted = asked.filter(device.site.timezone)
    except InvalidError as error:
        problems = Problems.of(error)
    lines = logs.find(call.session, device, wanted, limit=PER_PAGE, cursor=request.args.get("cursor"))
    shown = tab(
        "logs",
        device,
        lines=lines,
        asked=asked,
        problems=problems,
        levels=LEVELS,
        units=UNITS,
        **LINES,
    )
    return shown, 422 if problems.summary else 200


def _moment(text: str, timezone: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(timezone))
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidError(f"{text} is no time: enter it as 2026-03-04T05:06") from error
