"""Self-healing: which action, when, and when to leave the Pi alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from pi_service.config import Config
from pi_service.healing.conditions import Condition
from pi_service.healing.ladder import LONGEST_WAIT_SECONDS, RESET_AFTER_SECONDS
from pi_service.healing.record import HealingRecord
from pi_service.paths import Paths
from pi_service.self_healing import ActionError, Pace, SelfHealing, StoppedByHandError
from tests.pi_service.api_fixtures import TurnedClocks

SILENT = Condition("stream_silent", "the camera is connected but sends no pictures")


@dataclass
class RecordedActions:
    """Notes what would be done; `broken` actions fail."""

    done: list[str] = field(default_factory=list)
    intervals: list[float | None] = field(default_factory=list)
    broken: bool = False
    stopped_by_hand: bool = False

    def perform(self, action: str, why: str) -> None:
        self.done.append(action)
        if self.stopped_by_hand:
            raise StoppedByHandError("a person has stopped it")
        if self.broken:
            raise ActionError("it does not work")

    def set_interval(self, interval_seconds: float | None) -> None:
        if self.broken:
            raise ActionError("it does not work")
        self.intervals.append(interval_seconds)


class Bench:
    """Self-healing with clocks that the test turns, in steps of five seconds like the agent's."""

    def __init__(self, paths: Paths, document: dict[str, Any]) -> None:
        self.paths = paths
        self.document = document
        self.clocks = TurnedClocks(boottime_seconds=10_000.0)
        self.actions = RecordedActions()
        self.pace: Pace | None = None
        self.boot_id = "boot-1"
        self.restart()

    def restart(self) -> None:
        """The agent ends and starts anew."""
        self.record = HealingRecord(self.paths.state_dir / "self-healing.json", self.boot_id)
        self.healing = SelfHealing(self.record, self.actions, self.clocks.boottime)

    def reboot(self) -> None:
        self.boot_id += "+"
        self.clocks.boottime_seconds = 15.0
        self.restart()

    def configure(self, **self_healing: Any) -> None:
        self.document = self.document | {"self_healing": {"cooldown_seconds": 100, **self_healing}}

    def go_on(self, seconds: float, *conditions: Condition) -> list[str]:
        """Let time pass with these conditions; what was done meanwhile."""
        before = len(self.actions.done)
        for _ in range(int(seconds / 5)):
            self.clocks.pass_time(5)
            self.healing.tend(Config.from_document(self.document), conditions, self.pace)
        return self.actions.done[before:]

    def counts(self) -> dict[tuple[str, str], int]:
        return dict(self.record.counts)


@pytest.fixture
def bench(paths: Paths, config_document: dict[str, Any]) -> Bench:
    bench = Bench(paths, config_document)
    bench.configure()
    return bench


class TestTheLadder:
    def test_nothing_is_done_to_a_healthy_pi(self, bench: Bench) -> None:
        assert bench.go_on(10_000) == []

    def test_it_is_climbed_only_while_the_fault_persists_and_never_in_a_rush(self, bench: Bench) -> None:
        assert bench.go_on(100, SILENT) == []
        assert bench.go_on(5, SILENT) == ["restart_ffmpeg"]
        assert bench.go_on(95, SILENT) == []
        assert bench.go_on(5, SILENT) == ["restart_stream"]

    def test_a_fault_that_ends_is_not_acted_on_further(self, bench: Bench) -> None:
        assert bench.go_on(105, SILENT) == ["restart_ffmpeg"]
        assert bench.go_on(5000) == []

    def test_a_short_fault_is_left_to_the_stream_itself(self, bench: Bench) -> None:
        for _ in range(20):
            assert bench.go_on(90, SILENT) == []
            assert bench.go_on(200) == []

    def test_a_flapping_fault_is_one_fault(self, bench: Bench) -> None:
        done = []
        for _ in range(10):
            done += bench.go_on(20, SILENT) + bench.go_on(10)
        assert done == ["restart_ffmpeg", "restart_stream"]

    def test_a_reboot_comes_last_and_only_where_it_is_allowed(self, bench: Bench) -> None:
        assert "reboot" not in bench.go_on(20_000, SILENT)
        bench.go_on(RESET_AFTER_SECONDS + 10)
        bench.configure(reboot=True)
        assert bench.go_on(310, SILENT) == ["restart_ffmpeg", "restart_stream", "reboot"]

    def test_in_vain_it_waits_twice_as_long_each_round(self, bench: Bench) -> None:
        moments = []
        for _ in range(20_000):
            if bench.go_on(5, SILENT):
                moments.append(bench.clocks.boottime_seconds)
        waits = [later - earlier for earlier, later in pairwise(moments)]
        assert waits[:6] == [100, 200, 200, 400, 400, 800]
        assert max(waits) <= LONGEST_WAIT_SECONDS
        assert len(moments) < 25

    def test_sustained_health_puts_it_back_to_the_ground(self, bench: Bench) -> None:
        bench.go_on(2000, SILENT)
        bench.go_on(RESET_AFTER_SECONDS + 10)
        assert bench.go_on(210, SILENT) == ["restart_ffmpeg", "restart_stream"]

    def test_a_restart_of_the_agent_forgets_neither_place_nor_counts(self, bench: Bench) -> None:
        bench.go_on(105, SILENT)
        bench.restart()
        assert bench.go_on(95, SILENT) == []
        assert bench.go_on(20, SILENT) == ["restart_stream"]
        assert bench.counts() == {("restart_ffmpeg", "ok"): 1, ("restart_stream", "ok"): 1}

    def test_reboots_come_ever_more_rarely_also_over_reboots(self, bench: Bench) -> None:
        bench.configure(reboot=True)
        rounds = []
        for _ in range(4):
            start = bench.clocks.boottime_seconds
            while "reboot" not in bench.go_on(5, SILENT):
                assert bench.clocks.boottime_seconds - start < 100_000
            rounds.append(bench.clocks.boottime_seconds - start)
            bench.reboot()
        assert rounds == sorted(rounds)
        assert rounds[-1] > 3 * rounds[1]
        assert bench.counts()["reboot", "ok"] == 4

    def test_a_supervisor_gone_quiet_is_not_asked_to_restart_ffmpeg(self, bench: Bench) -> None:
        assert bench.go_on(65, Condition("stream_not_reporting", "")) == ["restart_stream"]

    def test_a_unit_that_a_person_has_stopped_never_leads_to_a_reboot(self, bench: Bench) -> None:
        bench.configure(reboot=True)
        bench.actions.stopped_by_hand = True
        assert set(bench.go_on(20_000, Condition("stream_not_reporting", ""))) == {"restart_stream"}
        assert set(bench.counts()) == {("restart_stream", "suppressed")}

    def test_an_api_that_does_not_answer_is_restarted_at_once(self, bench: Bench) -> None:
        assert bench.go_on(5, Condition("api_not_answering", "")) == ["restart_api"]

    @pytest.mark.parametrize(
        ("condition", "steps"),
        [
            ("stream_memory", ["restart_stream"]),
            ("api_memory", ["restart_api"]),
            ("agent_memory", ["restart_agent"]),
            ("disk_nearly_full", ["trim_backlog"]),
            ("config_damaged", ["restore_config"]),
            ("clock_not_synchronised", []),
        ],
    )
    def test_each_condition_has_its_remedy(self, bench: Bench, condition: str, steps: list[str]) -> None:
        assert bench.go_on(60, Condition(condition, "")) == steps

    def test_two_faults_are_tended_apart(self, bench: Bench) -> None:
        done = bench.go_on(105, SILENT, Condition("disk_nearly_full", ""))
        assert sorted(done) == ["restart_ffmpeg", "trim_backlog", "vacuum_journal"]

    def test_a_failed_action_is_counted_as_such_and_the_next_one_tried(self, bench: Bench) -> None:
        bench.actions.broken = True
        assert bench.go_on(205, SILENT) == ["restart_ffmpeg", "restart_stream"]
        assert bench.counts() == {("restart_ffmpeg", "failed"): 1, ("restart_stream", "failed"): 1}

    def test_switched_off_it_counts_what_it_would_do_and_does_nothing(
        self, bench: Bench, caplog: pytest.LogCaptureFixture
    ) -> None:
        bench.configure(enabled=False)
        assert bench.go_on(405, SILENT) == []
        assert bench.counts() == {("restart_ffmpeg", "suppressed"): 4}
        assert "self-healing is off" in caplog.text

    def test_every_action_is_logged_with_its_reason(self, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
        bench.go_on(105, SILENT)
        assert "restart_ffmpeg, because of stream_silent: the camera is connected but sends no pictures" in caplog.text

    @pytest.mark.parametrize(
        "content", [b"", b"{", b"[]", b'{"boot_id": 1}', b'{"boot_id":"x","actions":[7],"ladders":{}}']
    )
    def test_a_damaged_record_begins_anew(self, bench: Bench, content: bytes) -> None:
        (bench.paths.state_dir / "self-healing.json").write_bytes(content)
        bench.restart()
        assert bench.go_on(105, SILENT) == ["restart_ffmpeg"]


class TestHeat:
    HOT = Condition("too_hot", "82.0 degrees Celsius")

    def test_pictures_come_half_as_often_until_it_is_cooler(self, bench: Bench) -> None:
        bench.pace = Pace(12, throttled=False)
        bench.go_on(5, self.HOT)
        assert bench.actions.intervals == [24]
        bench.pace = Pace(24, throttled=True)
        bench.go_on(500, self.HOT)
        assert bench.actions.intervals == [24]
        bench.go_on(5)
        assert bench.actions.intervals == [24, None]
        assert bench.counts() == {("throttle", "ok"): 1, ("unthrottle", "ok"): 1}

    def test_the_longer_interval_never_makes_pictures_stale(self, bench: Bench) -> None:
        bench.document = bench.document | {"snapshot_interval_seconds": 12, "stale_after_seconds": 24}
        bench.pace = Pace(12, throttled=False)
        bench.go_on(5, self.HOT)
        assert bench.actions.intervals == [16]

    def test_without_room_before_staleness_nothing_is_changed(self, bench: Bench) -> None:
        bench.document = bench.document | {"snapshot_interval_seconds": 12, "stale_after_seconds": 13}
        bench.pace = Pace(12, throttled=False)
        bench.go_on(500, self.HOT)
        assert bench.actions.intervals == []

    def test_a_stream_that_restarted_meanwhile_is_slowed_down_again(self, bench: Bench) -> None:
        bench.pace = Pace(12, throttled=False)
        bench.go_on(205, self.HOT)
        assert bench.actions.intervals == [24, 24, 24]

    def test_an_agent_that_restarted_meanwhile_still_releases_the_stream(self, bench: Bench) -> None:
        bench.pace = Pace(24, throttled=True)
        bench.restart()
        bench.go_on(5)
        assert bench.actions.intervals == [None]

    def test_a_stream_that_does_not_report_is_left_alone(self, bench: Bench) -> None:
        bench.go_on(500, self.HOT)
        assert bench.actions.intervals == []

    def test_switched_off_it_only_counts(self, bench: Bench) -> None:
        bench.configure(enabled=False)
        bench.pace = Pace(12, throttled=False)
        bench.go_on(5, self.HOT)
        assert bench.actions.intervals == []
        assert bench.counts() == {("throttle", "suppressed"): 1}
