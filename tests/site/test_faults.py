"""Every kind of fault on a real site: the picture is never stale in secret, and comes back without a person."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from virtual_fleet.controller import Answer, Controller
from virtual_fleet.faults import FAULTS
from virtual_fleet.fleet import Fleet
from virtual_fleet.site import Site

pytestmark = pytest.mark.fleet

STALE_AFTER_SECONDS = 6.0
"""Three intervals of two seconds."""
TRANSPORT_SECONDS = 3.0
"""From sensor to controller at worst: the first picture of a session has waited in the camera until someone asked."""
RECOVERY_SECONDS = 120.0
LONGER_THAN_ANY_WATCHDOG_SECONDS = 100.0


@dataclass(frozen=True)
class Expectation:
    """What a fault may do to the controller's requests."""

    stops_pictures: bool = True
    """Whether there can be no fresh picture while the fault lasts; False where one must come all the same."""
    may_stop_answers: bool = False
    """Whether requests may go unanswered: only where the API or the network itself is the fault."""

    journal: str = ""
    """A pattern that the site's journal must show for the fault."""


EXPECTATIONS = {
    "camera-off": Expectation(),
    "camera-refuses": Expectation(),
    "camera-silent": Expectation(),
    "camera-frozen": Expectation(),
    "camera-password": Expectation(),
    "ffmpeg-killed": Expectation(stops_pictures=False),
    "ffmpeg-stopped": Expectation(stops_pictures=False, journal="ffmpeg was stopped by a signal"),
    "stream-killed": Expectation(stops_pictures=False),
    "stream-stopped": Expectation(stops_pictures=False, journal="carwash-stream.service: Watchdog timeout"),
    "api-killed": Expectation(stops_pictures=False, may_stop_answers=True),
    "api-stopped": Expectation(
        stops_pictures=False,
        may_stop_answers=True,
        journal="carwash-snapshot.service: Watchdog timeout|self-healing: restart_api",
    ),
    "agent-killed": Expectation(stops_pictures=False),
    "agent-stopped": Expectation(stops_pictures=False),
    "disk-full": Expectation(stops_pictures=False),
    "network-cut": Expectation(may_stop_answers=True),
    "network-slow": Expectation(stops_pictures=False, may_stop_answers=True),
    "clock-jump": Expectation(stops_pictures=False),
    "clock-unsynchronised": Expectation(stops_pictures=False),
    "config-corrupted": Expectation(stops_pictures=False),
    "power-cut": Expectation(may_stop_answers=True),
    "stream-off": Expectation(),
    "agent-off": Expectation(stops_pictures=False),
    "config-by-hand": Expectation(stops_pictures=False),
}


@pytest.fixture(scope="module", autouse=True)
def silent_since(fleet: Fleet) -> Iterator[float]:
    """The third site's camera is silent while the first one's faults go by. Gives the moment on the monotonic clock."""
    site = fleet.sites[2]
    fleet.fault("camera-silent", site)
    yield time.monotonic()
    fleet.heal(site)
    with Controller(site.address, fleet.api_key) as controller:  # it tries the camera again within a minute
        controller.wait_for_fresh_picture(timeout=RECOVERY_SECONDS)


def test_every_kind_of_fault_has_an_expectation() -> None:
    assert set(EXPECTATIONS) == set(FAULTS)


def journal_cursor(fleet: Fleet, site: Site) -> str:
    """The journal's present end."""
    shown = fleet.run(site, ["journalctl", "--no-pager", "--lines=0", "--show-cursor"]).stdout
    return shown.partition("-- cursor: ")[2].strip()


def journal_after(fleet: Fleet, site: Site, cursor: str) -> str:
    return fleet.run(site, ["journalctl", "--no-pager", f"--after-cursor={cursor}", "--output=cat"]).stdout


def is_not_fresh(answer: Answer) -> bool:
    return not answer.is_fresh_picture


@pytest.mark.parametrize("kind", EXPECTATIONS)
def test_a_site_stays_honest_under_a_fault_and_recovers_when_it_is_lifted(fleet: Fleet, kind: str) -> None:
    expectation, site = EXPECTATIONS[kind], fleet.sites[0]
    cursor = journal_cursor(fleet, site)
    fleet.prepare(kind, site)
    with Controller(site.address, fleet.api_key) as controller:
        controller.wait_for_fresh_picture(timeout=RECOVERY_SECONDS)
        try:
            fleet.fault(kind, site)
            if expectation.stops_pictures:
                controller.wait_for(is_not_fresh, timeout=60)
            else:
                controller.wait_for_fresh_picture(timeout=RECOVERY_SECONDS, since=time.time())
        finally:
            fleet.heal(site)
        controller.wait_for_fresh_picture(timeout=RECOVERY_SECONDS, since=time.time())
    assert controller.stale_pictures_served_as_fresh(at_most_seconds=STALE_AFTER_SECONDS + TRANSPORT_SECONDS) == []
    if not expectation.may_stop_answers:
        assert [answer for answer in controller.answers if answer.status not in (200, 503)] == []
    assert re.search(expectation.journal, journal_after(fleet, site, cursor))


def test_a_corrupted_configuration_is_restored_by_the_site_itself(fleet: Fleet) -> None:
    site = fleet.sites[0]
    before = fleet.run(site, ["cat", "/etc/carwash/config.json"]).stdout
    fleet.fault("config-corrupted", site)
    script = "until carwash config check /etc/carwash/config.json; do sleep 0.2; done"
    restored = fleet.run(site, ["timeout", "60", "sh", "-c", script], timeout=90)
    fleet.heal(site)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert fleet.run(site, ["cat", "/etc/carwash/config.json"]).stdout == before


def test_a_camera_that_stays_silent_gets_nothing_restarted_by_systemd(fleet: Fleet, silent_since: float) -> None:
    site = fleet.sites[2]
    time.sleep(max(0.0, silent_since + LONGER_THAN_ANY_WATCHDOG_SECONDS - time.monotonic()))  # passed, in a whole run
    shown = fleet.run(site, ["systemctl", "show", "--property=NRestarts", "--value", "carwash-stream"])
    assert shown.stdout.strip() == "0", fleet.run(site, ["journalctl", "-u", "carwash-stream", "-n", "50"]).stdout
