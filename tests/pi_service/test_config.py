"""What a configuration may say, and what its faults and its redacted form never give away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pi_service.config import Config, ConfigError, check
from pi_service.configuration.source import parse
from pi_service.redaction import redact_config, redact_text

Document = dict[str, Any]


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_a_limit_that_no_age_can_exceed_is_no_number(config_document: Document, name: str) -> None:
    content = json.dumps(config_document | {"stale_after_seconds": 0}).replace(": 0}", f": {name}}}")

    with pytest.raises(ConfigError, match="is not a number"):
        parse(content.encode())


def test_json_nested_too_deeply_is_a_fault() -> None:
    with pytest.raises(ConfigError, match="nested far too deeply"):
        parse(b"[" * 200_000)


def test_a_whole_number_written_with_a_point_is_read_as_an_integer(config_document: Document) -> None:
    thresholds = {"frozen_intervals": 4.0}
    config = Config.from_document(config_document | {"history_size": 20.0, "thresholds": thresholds})

    assert [type(config.history_size), type(config.thresholds.frozen_intervals)] == [int, int]


@pytest.mark.parametrize(
    "changes",
    [
        {"api_keys": [{"name": "till", "sha256": "hunter2-in-clear"}]},
        {"api_keys": ["hunter2-in-clear"]},
        {"api_keys": {"till": "hunter2-in-clear"}},
        {"device_token_file": "hunter2-in-clear"},
        {"control_url": "ftp://agent:hunter2-in-clear@control/"},
        {"rtsp_url": "rtsp://u:hunter2-in-clear@cam/a b"},
        {"rtsp_url": "rtsp://u:hunter2-in-clear@c\0m/"},
        {"rtsp_url": "rtsp://u:hunter2-in-clear@cam/\x1b"},
    ],
)
def test_a_fault_never_quotes_what_may_be_a_secret(config_document: Document, changes: Document) -> None:
    faults = check(config_document | changes)

    assert faults
    assert "hunter2" not in "".join(map(str, faults))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://u:p@ss:w0rd@cam/1 refused", "rtsp://u:***@cam/1 refused"),
        ("rtsp://cam/user=admin&password=geheim&channel=1", "rtsp://cam/user=admin&password=***&channel=1"),
        ("rtsp://cam/user=admin_password=ge_heim_channel=1.sdp", "rtsp://cam/user=admin_password=***"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_passwords_are_masked_wherever_cameras_take_them(text: str, shown: str) -> None:
    assert redact_text(text) == shown


def test_the_shown_form_of_a_configuration_holds_no_secret(config_document: Document) -> None:
    shown = redact_config(config_document | {"control_url": "https://agent:geheim@control/"})

    assert (shown["control_url"], "letmein" in json.dumps(shown)) == ("https://agent:***@control/", False)


def test_an_address_in_the_wrong_place_is_not_quoted(config_document: Document) -> None:
    misplaced = config_document | {"rtsp_transport": "rtsp://camera:letmein@10.0.0.2/stream1"}
    faults = check(misplaced)
    assert [fault.path for fault in faults] == ["$.rtsp_transport"]
    assert "letmein" not in str(faults)
