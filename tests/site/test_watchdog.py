"""What hangs is restarted: the supervisor by systemd's watchdog, ffmpeg by the supervisor. The journal says so."""

from __future__ import annotations

import pytest

from virtual_fleet.controller import Controller
from virtual_fleet.fleet import Fleet
from virtual_fleet.site import Site

pytestmark = pytest.mark.fleet


def journal_since(fleet: Fleet, site: Site, cursor: str) -> str:
    return fleet.run(site, ["journalctl", "--no-pager", f"--after-cursor={cursor}", "--output=cat"]).stdout


def cursor_now(fleet: Fleet, site: Site) -> str:
    return fleet.run(site, ["journalctl", "--no-pager", "--lines=0", "--show-cursor"]).stdout.split(": ", 1)[1].strip()


@pytest.mark.parametrize(
    ("kind", "evidence"),
    [
        ("stream-stopped", "carwash-stream.service: Watchdog timeout"),
        ("api-stopped", "carwash-snapshot.service: Watchdog timeout"),
        ("agent-stopped", "carwash-agent.service: Watchdog timeout"),
        ("ffmpeg-stopped", "no picture"),
    ],
)
def test_a_hung_process_is_replaced_and_the_journal_says_so(fleet: Fleet, kind: str, evidence: str) -> None:
    site = fleet.sites[2]
    cursor = cursor_now(fleet, site)
    with Controller(site.address, fleet.api_key) as controller:
        controller.wait_for_fresh_picture(timeout=60)
        fleet.fault(kind, site)
        controller.wait_for_fresh_picture(timeout=120)
    assert evidence in journal_since(fleet, site, cursor)
    fleet.heal(site)
