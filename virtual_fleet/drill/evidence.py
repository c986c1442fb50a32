"""Who noticed and who acted: read from a site's own journal, and from what the control plane and its alerts say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from virtual_fleet.errors import FleetError
from virtual_fleet.fleet import Fleet
from virtual_fleet.site import Site

JOURNAL_SECONDS = 30.0


@dataclass(frozen=True)
class Evidence:
    """Something that was noticed or done. `at` is in Unix seconds."""

    at: float
    who: str
    acted: bool
    """Did something about it, and not only noticed."""


# What the site's own programs say when they notice or act.
_SAID: tuple[tuple[str, str, bool], ...] = (
    (r"Watchdog timeout", "systemd's watchdog", False),
    (r"Main process exited|Failed with result", "systemd", False),
    (r"Scheduled restart job", "systemd (restart)", True),
    (r"carrying out (?P<what>\w+) for the control plane", "fleet healing", True),
    (r"self-healing: (?P<what>\w+), because of", "the Pi's agent", True),
    (r"self-healing: (?P<what>throttle\w*) to", "the Pi's agent", True),
    (r"next attempt in", "the stream service (reconnect)", True),
    (r"the camera is frozen", "the stream service", False),
    (r"is not JSON|the configuration cannot be used", "the stream service", False),
    (r"condition \w+: |check-in failed", "the Pi's agent", False),
)


class Journal:
    """A site's journal from now on."""

    def __init__(self, fleet: Fleet, site: Site) -> None:
        self._fleet, self._site = fleet, site
        shown = self._read("--lines=0", "--show-cursor")
        self._cursor = shown.partition("-- cursor: ")[2].strip()

    def evidence(self) -> list[Evidence]:
        """What has been said since, oldest first."""
        lines = self._read(f"--after-cursor={self._cursor}", "--output=json", "--all").splitlines()
        return list(_evidence(json.loads(line) for line in lines if line.startswith("{")))

    def _read(self, *options: str) -> str:
        result = self._fleet.run(self._site, ["journalctl", "--no-pager", *options], timeout=JOURNAL_SECONDS)
        if result.returncode:
            raise FleetError(f"the journal of {self._site.name} cannot be read: {result.stderr.strip()}")
        return result.stdout


def _evidence(entries: Iterator[dict[str, object]]) -> Iterator[Evidence]:
    for entry in entries:
        message, unit = str(entry.get("MESSAGE", "")), str(entry.get("UNIT") or entry.get("_SYSTEMD_UNIT") or "")
        if not unit.startswith("carwash-"):
            continue
        for pattern, who, acted in _SAID:
            if found := re.search(pattern, message):
                what = found.groupdict().get("what")
                yield Evidence(int(str(entry["__REALTIME_TIMESTAMP"])) / 1e6, f"{who} ({what})" if what else who, acted)
                break
