"""From a report to what is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from control_ui.models import ConfigVersion, HealingDefault
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.devices.reasons import CONDITIONS as AGENT_CONDITIONS
from control_ui.services.devices.reasons import STREAM_ERRORS, STREAM_STATUSES
from control_ui.services.devices.status import Standing
from control_ui.services.healing.conditions import CONDITIONS, Past, findings
from tests.control_ui.conftest import NOW
from tests.control_ui.healing.conftest import WELL, no_picture, stuck, told


def standing(report: dict[str, Any], runs: int | None = None, wanted: ConfigVersion | None = None) -> Standing:
    since = NOW - timedelta(hours=1) if wanted is not None else None
    return Standing(report, runs, None, wanted, since, was_ever_wanted=wanted is not None)


def found(report: dict[str, Any], status: DeviceStatus = DeviceStatus.DEGRADED, **values: Any) -> list[str]:
    past = values.pop("past", Past())
    return [one.condition for one in findings(status, NOW, standing(report, **values), past, NOW)]


def test_a_device_that_is_well_has_no_finding() -> None:
    assert found(WELL, DeviceStatus.ONLINE) == []


@pytest.mark.parametrize(
    ("error", "condition"),
    [
        ("unauthorized", "camera_password"), ("not found", "camera_path"), ("refused", "camera_away"),
        ("unreachable", "camera_away"), ("timeout", "camera_away"), ("no video", "camera_away"),
        ("ffmpeg missing", "software_missing"), ("ffmpeg died", "stream_failing"), ("decode errors", "stream_failing"),
        ("storage", "pictures_not_stored"), ("frozen", "stream_frozen"),
    ],
)  # fmt: skip
def test_without_a_picture_the_streams_last_error_tells_what_is_wrong(error: str, condition: str) -> None:
    assert found(no_picture(error=error)) == [condition]


@pytest.mark.parametrize(
    ("status", "condition"),
    [
        ("streaming", "stream_failing"),
        ("silent", "stream_silent"),
        ("frozen", "stream_frozen"),
        ("odd", "stream_failing"),
    ],
)
def test_without_an_error_its_state_does(status: str, condition: str) -> None:
    assert found(no_picture(status, None)) == [condition]


def test_a_stream_that_does_not_report_is_not_judged_by_what_it_said_last() -> None:
    assert found(stuck()) == ["stream_not_reporting"]
    assert found(no_picture() | {"stream": None}) == ["stream_not_reporting"]


def test_a_fresh_picture_of_a_frozen_stream_is_told() -> None:
    assert found(WELL | {"stream": {"status": "frozen"}}) == ["stream_frozen"]


@pytest.mark.parametrize("name", sorted(AGENT_CONDITIONS))
def test_what_the_agent_tells_is_a_condition_with_a_rule_but_for_what_the_picture_tells(name: str) -> None:
    conditions = found(told(name))
    told_by_the_picture = name.startswith("stream_") and name != "stream_memory"
    assert conditions == [] if told_by_the_picture else len(conditions) == 1


def test_of_a_silent_device_nothing_else_is_known() -> None:
    assert found(told("too_hot"), DeviceStatus.OFFLINE) == ["offline"]
    (offline,) = findings(DeviceStatus.OFFLINE, NOW, standing(WELL), Past(), NOW)
    assert offline.since == NOW, "since it was last seen"
    assert found(WELL, DeviceStatus.NEVER_SEEN) == []


def test_a_wanted_configuration_that_is_not_taken_and_one_that_is_refused_are_two_things() -> None:
    wanted = ConfigVersion(number=5)
    assert found(WELL, runs=4, wanted=wanted) == ["configuration_not_taken"]
    refused = WELL | {"status": WELL["status"] | {"pull": {"desired_version": 5, "reason": "no such camera"}}}
    assert found(refused, runs=4, wanted=wanted) == ["configuration_refused"]
    assert found(WELL, runs=5, wanted=wanted) == []


def test_a_newer_configuration_that_did_not_come_from_here_was_made_at_the_pi() -> None:
    pull = {"desired_version": 5, "reason": "version 6 is in force and newer; not going back by itself"}
    report = WELL | {"status": WELL["status"] | {"pull": pull}}
    assert found(report, runs=6, wanted=ConfigVersion(number=5)) == ["configuration_foreign"]


def test_what_is_known_of_the_past_is_told_too() -> None:
    past = Past(changes=12, failed_deployment="deployment 3 failed here")
    assert found(WELL, DeviceStatus.ONLINE, past=past) == ["flapping"]
    assert found(told("too_hot"), past=past) == ["flapping", "deployment_failed", "too_hot"]


def test_rubbish_in_a_report_is_no_reason_to_fail() -> None:
    for report in (
        {},
        {"stream": 7, "status": [], "metrics": None},
        {"stream": {"status": ["x"]}, "status": {"conditions": 3}},
    ):
        assert len(found(report)) <= 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_condition_has_a_rule_and_every_rule_a_condition(session: ScopedSession) -> None:
    rules = {row.condition for row in session.query(HealingDefault)}
    assert rules == set(CONDITIONS)


def test_every_word_of_the_stream_is_known_here() -> None:
    assert all(found(no_picture(error=error)) for error in STREAM_ERRORS)
    assert all(found(no_picture(status, None)) for status in STREAM_STATUSES)
