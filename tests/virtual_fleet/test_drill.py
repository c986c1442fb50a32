"""The drill's own parts: what it is made of, what it hears, and how it judges. The drill itself is `make drill`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from subprocess import CompletedProcess
from typing import Any

import pytest
import requests

from virtual_fleet.drill import FEWEST_SITES, catalogue, report, run
from virtual_fleet.drill.evidence import Journal
from virtual_fleet.drill.one_drill import Outcome
from virtual_fleet.drill.pager import Pager
from virtual_fleet.drill.watch import Seen, Watch
from virtual_fleet.errors import FleetError
from virtual_fleet.faults import FAULTS
from virtual_fleet.site import Site

SITE = Site("drill", 0, "10.77")
GOOD = Outcome("ffmpeg-killed", "cw-drill-001", "the stream service", 0.2, "the stream service", 4.0, "", None, True)
CALLED = replace(GOOD, name="camera-password", healed_by="a person", called="SiteNeedsAPerson", call_delay_seconds=31.0)


def test_every_kind_of_fault_is_drilled() -> None:
    catalogue.check()
    assert {drill.kind for drill in catalogue.DRILLS} == set(FAULTS)


def test_a_fault_without_a_drill_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAULTS, "meteorite", FAULTS["power-cut"])
    with pytest.raises(FleetError, match="meteorite"):
        catalogue.check()


def test_too_few_sites_are_refused_before_anything_is_started() -> None:
    with pytest.raises(FleetError, match=f"at least {FEWEST_SITES}"):
        run(sites=FEWEST_SITES - 1)


class TestReport:
    def test_nine_of_ten_are_enough(self) -> None:
        outcomes = [*[GOOD] * 9, CALLED]
        assert report.is_good(outcomes)
        assert report.summary(outcomes) == "9 of 10 kinds of fault healed without a person (90%): enough."

    def test_eight_of_ten_are_not(self) -> None:
        outcomes = [*[GOOD] * 8, CALLED, CALLED]
        assert not report.is_good(outcomes)
        assert "NOT enough" in report.summary(outcomes)

    def test_one_that_went_otherwise_than_planned_is_a_failure_however_many_did_not(self) -> None:
        lost = replace(GOOD, healed_seconds=None, as_planned=False)
        assert not report.is_good([*[GOOD] * 99, lost])
        assert "yes, UNPLANNED" in report.table([lost])

    def test_nothing_drilled_is_nothing_shown(self) -> None:
        assert not report.is_good([])

    def test_a_row_says_who_noticed_who_mended_and_who_was_called(self) -> None:
        row = report.table([CALLED]).splitlines()[-1]
        assert row == (
            "| camera-password | the stream service | 0 | a person | 4 | yes | SiteNeedsAPerson, 31 s |"
        )  # fmt: skip


class TestPager:
    def test_it_keeps_what_alertmanager_tells_and_wakes_who_waits(self) -> None:
        message = {
            "status": "firing",
            "groupLabels": {"tenant": "bluewave", "severity": "critical"},
            "alerts": [{"status": "firing", "labels": {"device": "cw-drill-001"}}],
        }
        with Pager("127.0.0.1") as pager:
            assert requests.post(pager.url("bluewave"), json=message, timeout=5).status_code == 200
            found = pager.wait_for(lambda one: bool(one.of_device("cw-drill-001")), timeout=5)
        assert found is not None
        assert (found.receiver, found.severity) == ("bluewave", "critical")
        assert found.of_device("cw-drill-002") == []

    def test_what_is_no_message_is_refused(self) -> None:
        with Pager("127.0.0.1") as pager:
            assert requests.post(pager.url("x"), data="nonsense", timeout=5).status_code == 400
            assert requests.post(pager.url("x"), json={"status": "firing"}, timeout=5).status_code == 400
            assert pager.wait_for(lambda _one: True, timeout=0) is None


class Site001:
    """A fleet whose one site has a journal of these lines."""

    def __init__(self, *entries: dict[str, str]) -> None:
        self.entries = entries

    def run(self, _site: Site, command: Sequence[str], **_options: Any) -> CompletedProcess[str]:
        cursor = "-- cursor: s=1\n" if "--show-cursor" in command else ""
        lines = [json.dumps(entry) for entry in self.entries] if "--output=json" in command else []
        return CompletedProcess(list(command), 0, "\n".join(lines) or cursor, "")


def said(message: str, unit: str = "carwash-agent.service") -> dict[str, str]:
    return {"__REALTIME_TIMESTAMP": "1700000000500000", "_SYSTEMD_UNIT": unit, "MESSAGE": message}


@pytest.mark.parametrize(
    ("message", "who", "acted"),
    [
        ("carwash-stream.service: Watchdog timeout (limit 30s)!", "systemd's watchdog", False),
        ("carwash-stream.service: Scheduled restart job, restart counter is at 1.", "systemd (restart)", True),
        ("WARNING x: self-healing: restart_api, because of api_not_answering", "the Pi's agent (restart_api)", True),
        ("WARNING x: ffmpeg died (signal 9); next attempt in 0.9 s", "the stream service (reconnect)", True),
        ("WARNING x: condition stream_silent: no pictures", "the Pi's agent", False),
        ("WARNING x: carrying out restart_stream for the control plane (7)", "fleet healing (restart_stream)", True),
    ],
)
def test_a_sites_journal_says_who_noticed_and_who_acted(message: str, who: str, acted: bool) -> None:
    (found,) = Journal(Site001(said(message)), SITE).evidence()  # type: ignore[arg-type]  # all of a fleet it needs
    assert (found.at, found.who, found.acted) == (1700000000.5, who, acted)


def test_what_other_units_say_is_no_evidence() -> None:
    journal = Journal(Site001(said("Watchdog timeout", "other.service")), SITE)  # type: ignore[arg-type]  # as above
    assert journal.evidence() == []


class OneDevice:
    """A control plane with one device that is as it is told."""

    def __init__(self) -> None:
        self.device: dict[str, Any] = {
            "id": 1, "name": SITE.name, "status": "online", "status_reasons": [], "held_reason": "",
            "config_version": 2, "desired_version": 2, "last_seen_at": "2026-01-01T00:00:00+00:00",
        }  # fmt: skip

    def items(self, path: str, **_query: Any) -> list[dict[str, Any]]:
        return [dict(self.device)] if path == "/api/devices" else []


def test_the_watch_remembers_trouble_that_has_passed() -> None:
    plane = OneDevice()
    began = time.time()
    with Watch(plane) as watch:  # type: ignore[arg-type]  # as above
        assert watch.wait_for(lambda: watch.now(SITE.name) is not None, timeout=10)
        plane.device["status"] = "degraded"
        assert watch.wait_for(lambda: watch.trouble_since(SITE.name, began) is not None, timeout=10)
        plane.device["status"] = "online"
        assert watch.wait_for(lambda: bool((seen := watch.now(SITE.name)) and seen.is_well), timeout=10)
    trouble = watch.trouble_since(SITE.name, began)
    assert trouble is not None
    assert trouble.status == "degraded"


@pytest.mark.parametrize(
    "seen",
    [
        Seen(0, "degraded", (), "", behind=False),
        Seen(0, "online", (), "quarantined", behind=False),
        Seen(0, "online", (), "", behind=True),
    ],
)
def test_a_site_that_is_held_or_behind_is_not_well(seen: Seen) -> None:
    assert not seen.is_well
