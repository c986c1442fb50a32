"""What counts as a sign of life for systemd, and that no fault of a camera lets the watchdog bite."""

from __future__ import annotations

from typing import Any

import pytest

from pi_service.stream.decode_plan import DecodeMode
from tests.pi_service.stream_bench import Bench

Document = dict[str, Any]


def test_waiting_for_a_camera_is_evidence_and_running_without_pictures_is_not(streaming: Bench) -> None:
    before = streaming.evidence
    streaming.wait(10)
    assert streaming.evidence == before

    streaming.cameras.latest.fail("refused")
    streaming.wait(0.5)
    before = streaming.evidence
    streaming.wait(0.5)

    assert streaming.evidence > before


def test_the_watchdog_outlasts_every_wait_that_is_in_order(streaming: Bench, config_document: Document) -> None:
    session = streaming.cameras.latest
    assert streaming.manager.watchdog_seconds() > session.longest_gap_seconds()

    streaming.cameras.latest.fail("refused")
    streaming.manager.tick()

    assert streaming.manager.watchdog_seconds() == 30


@pytest.mark.parametrize(("interval", "connected"), [(12, False), (12, True), (60, True), (3600, True)])
def test_a_camera_that_is_away_or_silent_for_hours_never_lets_the_watchdog_bite(
    bench: Bench, config_document: Document, interval: float, connected: bool
) -> None:
    """systemd counts a changed watchdog time from the last sign of life, also where the change makes it shorter."""
    bench.adopt(config_document | {"snapshot_interval_seconds": interval})
    bench.deliver(b"the last picture")
    alive_at, seen = bench.clock.seconds, bench.evidence
    for _ in range(2 * 3600 * 2):
        if connected:
            bench.cameras.latest.connected_at = bench.cameras.latest.started_at
        bench.wait(0.5)
        alive_at, seen = (bench.clock.seconds if bench.evidence > seen else alive_at), bench.evidence
        assert bench.clock.seconds - alive_at < bench.manager.watchdog_seconds()
    assert {session.mode for session in bench.cameras.sessions} == (
        {DecodeMode.KEYFRAMES, DecodeMode.FULL} if connected else {DecodeMode.KEYFRAMES}
    )


def test_a_reconnection_to_a_frozen_camera_never_lets_the_watchdog_bite(
    bench: Bench, config_document: Document
) -> None:
    bench.adopt(config_document | {"snapshot_interval_seconds": 60})
    alive_at, seen = bench.clock.seconds, bench.evidence
    for turn in range(3600):
        if turn % 120 == 0:
            bench.deliver(b"always the same")
        bench.wait(0.5)
        alive_at, seen = (bench.clock.seconds if bench.evidence > seen else alive_at), bench.evidence
        assert bench.clock.seconds - alive_at < bench.manager.watchdog_seconds()
    assert len(bench.cameras.sessions) > 1
