"""The control plane takes a configuration exactly where a Pi does, and says why not without quoting it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from control_ui.services.configuration import schema
from pi_service import config as pi

VALID = {"version": 1, "device_id": "wash-1", "rtsp_url": "rtsp://viewer:hunter2@192.0.2.7:554/live"}
KEY = {"name": "till", "sha256": "0" * 64}

GOOD: list[dict[str, Any]] = [
    {},
    {"snapshot_interval_seconds": 5, "stale_after_seconds": 5},
    {"jpeg_quality": 20.0},
    {"thresholds": {"temperature_celsius": 70}, "self_healing": {}},
    {"api_keys": [KEY, KEY | {"name": "plc", "expires_at": "2027-02-28T00:00:00Z"}]},
]
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"jpeg_quality": 0}, "$.jpeg_quality", "at least 1"),
    ({"jpeg_quality": "hunter2"}, "$.jpeg_quality", "must be a whole number"),
    ({"jpeg_quality": True}, "$.jpeg_quality", "must be a whole number"),
    ({"log_level": "hunter2"}, "$.log_level", "must be one of DEBUG, INFO"),
    ({"rtsp_url": "http://u:hunter2@h"}, "$.rtsp_url", "rtsp://"),
    ({"control_url": "hunter2"}, "$.control_url", "must fit the pattern"),
    ({"thresholds": {"temperature_celsius": 200}}, "$.thresholds.temperature_celsius", "at most 110"),
    ({"thresholds": {"heat": 1}}, "$.thresholds.heat", "is not a setting"),
    ({"colour": "hunter2"}, "$.colour", "is not a setting"),
    ({"api_keys": [{"name": "till"}]}, "$.api_keys[0].sha256", "is required"),
    ({"api_keys": [KEY | {"sha256": "hunter2"}]}, "$.api_keys[0].sha256", "must fit the pattern"),
    ({"api_keys": [KEY, KEY]}, "$.api_keys[1].name", "is used twice"),
    ({"api_keys": [KEY | {"expires_at": "2026-02-30T00:00:00Z"}]}, "$.api_keys[0].expires_at", "not a date"),
    ({"stale_after_seconds": 11}, "$.stale_after_seconds", "less than snapshot_interval_seconds (12)"),
    ({"cors_origins": "x"}, "$.cors_origins", "must be a list"),
    ({"cors_origins": ["http://a"] * 21}, "$.cors_origins", "at most 20 entries"),
    ({"rtsp_url": "rtsp://h/" + "x" * 2048}, "$.rtsp_url", "at most 2048 characters"),
]


@pytest.mark.parametrize("settings", GOOD)
def test_what_a_pi_takes_is_valid(settings: dict[str, Any]) -> None:
    assert pi.check(VALID | settings) == []
    assert schema.check(VALID | settings) == []


@pytest.mark.parametrize(("settings", "path", "words"), BAD)
def test_what_a_pi_refuses_is_a_fault_at_its_path_that_quotes_nothing(
    settings: dict[str, Any], path: str, words: str
) -> None:
    assert pi.check(VALID | settings)
    (fault,) = schema.check(VALID | settings)
    assert fault.path == path
    assert words in fault.message
    assert "hunter2" not in fault.message


def test_every_fault_is_told_at_once() -> None:
    faults = schema.check({"version": 1, "jpeg_quality": 0, "colour": 1})
    assert [fault.path for fault in faults] == ["$.colour", "$.device_id", "$.jpeg_quality", "$.rtsp_url"]


def test_the_name_of_an_unknown_setting_is_shortened_and_redacted() -> None:
    (fault,) = schema.check(VALID | {"rtsp://u:hunter2@h" + "x" * 500: 1})
    assert "hunter2" not in fault.path
    assert len(fault.path) < 80


def test_defaults_are_those_the_pi_works_with() -> None:
    settings = {"snapshot_interval_seconds": 5, "thresholds": {"frozen_intervals": 7}}
    effective = schema.with_defaults(VALID | settings)
    config = pi.Config.from_document(VALID | settings)
    assert effective["jpeg_quality"] == config.jpeg_quality
    assert effective["stale_after_seconds"] == config.stale_after_seconds == 15
    assert effective["thresholds"]["frozen_intervals"] == 7
    assert effective["thresholds"]["temperature_celsius"] == config.thresholds.temperature_celsius
    assert effective["self_healing"]["reboot"] is config.self_healing.reboot
    assert schema.check(effective) == []
    assert settings["thresholds"] == {"frozen_intervals": 7}, "what was given is not touched"


def test_every_setting_says_what_it_is_called_and_what_it_means() -> None:
    settings = dict(_settings(schema.schema()["properties"], ""))
    assert len(settings) > 20
    assert [name for name, spec in settings.items() if not {"title", "description"} <= spec.keys()] == []
    seconds = {name for name in settings if name.endswith("_seconds")}
    assert {settings[name]["x-unit"] for name in seconds} == {"s"}


def _settings(properties: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """By path, those of objects and lists included."""
    for name, spec in properties.items():
        yield path + name, spec
        inner = spec.get("items", spec).get("properties", {})
        yield from _settings(inner, f"{path}{name}.")
