"""A picture from each site, as its controller would ask for it, and a table of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from virtual_fleet.ansible import REPOSITORY
from virtual_fleet.controller import Answer, fetch
from virtual_fleet.fleet import Fleet
from virtual_fleet.site import Site

PICTURES = REPOSITORY / ".demo"
FIRST_PICTURE_SECONDS = 60.0


@dataclass(frozen=True)
class Row:
    """One line of the demo's table."""

    site: Site
    answer: Answer
    picture: Path | None

    @property
    def age_seconds(self) -> float | None:
        if self.picture is None:
            return None
        captured_at = datetime.fromisoformat(self.answer.headers["x-snapshot-timestamp"])
        return self.answer.asked_at + self.answer.latency_seconds - captured_at.timestamp()

    @property
    def verdict(self) -> str:
        if self.picture is None:
            return self.answer.error or f"HTTP {self.answer.status}: {self.answer.body.decode(errors='replace')[:120]}"
        return "fresh"


def picture_of(fleet: Fleet, site: Site) -> Row:
    """Ask the site as its controller would, until it has a picture or a minute has passed, and keep the picture."""
    deadline = time.monotonic() + FIRST_PICTURE_SECONDS
    while True:
        answer = fetch(site.address, fleet.api_key)
        if answer.is_fresh_picture:
            PICTURES.mkdir(exist_ok=True)
            picture = PICTURES / f"{site.name}.jpg"
            picture.write_bytes(answer.body)
            return Row(site, answer, picture)
        if time.monotonic() > deadline:
            return Row(site, answer, None)
        time.sleep(0.5)


def table(rows: list[Row]) -> str:
    """The rows as aligned text: who, where, how old the picture is, how large, how quickly it came."""
    lines = [("SITE", "ADDRESS", "PICTURE", "AGE", "SIZE", "LATENCY")]
    for row in rows:
        latency = f"{row.answer.latency_seconds * 1000:.0f} ms"
        age = "-" if row.age_seconds is None else f"{row.age_seconds:.1f} s"
        lines.append((row.site.name, row.site.address, row.verdict, age, f"{len(row.answer.body):,} B", latency))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
