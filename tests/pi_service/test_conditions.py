"""What counts as a fault of this Pi, and what does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pi_service.config import Config
from pi_service.healing.conditions import Observation, find_conditions
from pi_service.health_monitor import HealthSample
from pi_service.stream.report import StreamReport
from tests.pi_service.api_fixtures import TurnedClocks, stream_document

HEALTHY = HealthSample(1.0, 100, 1000, 50.0, 40.0, {}, {})


class TestConditions:
    @pytest.fixture
    def config(self, config_document: dict[str, Any]) -> Config:
        return Config.from_document(config_document)

    def names(self, config: Config, *, was_hot: bool = False, **changes: Any) -> list[str]:
        stream = StreamReport(stream_document(TurnedClocks()), quiet=False)
        seen = replace(Observation(stream, 0, "", HEALTHY, True, ""), **changes)
        return [condition.name for condition in find_conditions(seen, config, was_hot=was_hot)]

    def stream(self, *, quiet: bool = False, **changes: Any) -> StreamReport:
        return StreamReport(stream_document(TurnedClocks()) | changes, quiet)

    def test_nothing_is_wrong_with_a_healthy_pi(self, config: Config) -> None:
        assert self.names(config) == []

    @pytest.mark.parametrize("reason", ["refused", "unreachable", "unauthorized", "not found", "timeout", "no video"])
    @pytest.mark.parametrize("status", ["disconnected", "connecting"])
    def test_a_camera_that_is_away_is_no_fault_of_this_pi(self, config: Config, status: str, reason: str) -> None:
        assert self.names(config, stream=self.stream(status=status, last_error={"reason": reason})) == []

    @pytest.mark.parametrize("status", ["silent", "frozen"])
    def test_a_stream_that_is_connected_and_gives_nothing_new_is_one(self, config: Config, status: str) -> None:
        assert self.names(config, stream=self.stream(status=status)) == [f"stream_{status}"]

    def test_a_supervisor_that_is_quiet_or_never_spoke_is_one(self, config: Config) -> None:
        assert self.names(config, stream=self.stream(quiet=True)) == ["stream_not_reporting"]
        assert self.names(config, stream=None) == ["stream_not_reporting"]

    def test_the_api_counts_as_hung_after_three_failures_in_a_row(self, config: Config) -> None:
        assert self.names(config, api_failures=2, api_fault="timed out") == []
        assert self.names(config, api_failures=3, api_fault="timed out") == ["api_not_answering"]

    @pytest.mark.parametrize(
        ("celsius", "was_hot", "hot"),
        [(80.0, False, False), (80.1, False, True), (75.1, True, True), (75.0, True, False), (None, True, False)],
    )
    def test_it_is_too_hot_until_five_degrees_cooler(
        self, config: Config, celsius: float | None, was_hot: bool, hot: bool
    ) -> None:
        health = replace(HEALTHY, temperature_celsius=celsius)
        assert self.names(config, health=health, was_hot=was_hot) == (["too_hot"] if hot else [])

    def test_disk_memory_clock_and_configuration_are_watched(self, config: Config) -> None:
        health = replace(HEALTHY, disk_usage_percent=90.1, unit_memory_bytes={"carwash-snapshot.service": 314572801})
        assert self.names(config, health=health, clock_synchronised=False, config_fault="not JSON") == [
            "disk_nearly_full", "api_memory", "clock_not_synchronised", "config_damaged",
        ]  # fmt: skip

    def test_an_unknown_clock_and_an_absent_sensor_are_no_faults(self, config: Config) -> None:
        health = replace(HEALTHY, temperature_celsius=None, disk_usage_percent=None)
        assert self.names(config, health=health, clock_synchronised=None) == []


def test_a_stream_whose_pictures_cannot_be_stored_does_not_promise_the_next_one() -> None:
    document = {"status": "streaming", "since": "then", "last_error": {"reason": "storage"}}

    assert StreamReport(document, quiet=False).sentence() == "a picture could not be stored (since then)"
