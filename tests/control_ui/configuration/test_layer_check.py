"""What a template's body, an overlay or an override may hold."""

from __future__ import annotations

from typing import Any

import pytest

from control_ui.services.configuration.layer_check import LARGEST_LAYER_BYTES, layer_faults, overlay_layers
from control_ui.services.errors import InvalidError

GOOD: list[dict[str, Any]] = [
    {},
    {"jpeg_quality": 70, "thresholds": {"temperature_celsius": 70}},
    {"rtsp_url": "{{ camera.url }}"},
    {"rtsp_url": "{{ camera.url }}?channel=1"},
    {"rtsp_url": "rtsp://{{ camera.host }}:{{ camera.port }}/live"},
    {"rtsp_url": "rtsp://192.0.2.7/live"},
    {"jpeg_quality": "{{ device.labels.quality | int }}"},
    {"jpeg_quality": "{{ 60 if device.hardware == 'pi3' else 85 }}"},
    {"snapshot_interval_seconds": "{{ camera.port }}"},
    {"api_keys": "{{ device.api_keys }}"},
    {"api_keys": [{"name": "{{ device.name }}", "sha256": "0" * 64}]},
    {"control_url": None, "thresholds": {"temperature_celsius": None}},
    {"self_healing": {"reboot": "{{ device.ring == 'canary' }}"}},
]
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"version": 3}, "$.body.version", "set by the system"),
    ({"device_id": "{{ device.name }}"}, "$.body.device_id", "set by the system"),
    ({"rtsp_url": None}, "$.body.rtsp_url", "cannot be taken away"),
    ({"colour": 1}, "$.body.colour", "is not a setting"),
    ({"thresholds": {"heat": "{{ device.name }}"}}, "$.body.thresholds.heat", "is not a setting"),
    ({"jpeg_quality": "70"}, "$.body.jpeg_quality", "must be a whole number"),
    ({"jpeg_quality": "{{ device.name }}"}, "$.body.jpeg_quality", "and this expression gives text"),
    ({"jpeg_quality": "{{ device.labels.quality }}"}, "$.body.jpeg_quality", "and this expression gives text"),
    ({"jpeg_quality": "7{{ camera.port }}"}, "$.body.jpeg_quality", "and this expression gives text"),
    ({"self_healing": {"reboot": "{{ camera.port }}"}}, "$.body.self_healing.reboot", "gives a whole number"),
    ({"thresholds": "{{ device.name }}"}, "$.body.thresholds", "must be an object"),
    ({"jpeg_quality": "{{ device.colour }}"}, "$.body.jpeg_quality", "a fact that is not there"),
    ({"jpeg_quality": "{{ device.name"}, "$.body.jpeg_quality", "no valid Jinja2"),
    ({"jpeg_quality": "{% if 1 %}2{% endif %}"}, "$.body.jpeg_quality", "no {% statements %}"),
    ({"control_url": "{{ camera.url }}"}, "$.body.control_url", "belongs in rtsp_url only"),
    ({"rtsp_url": "rtsp://viewer:***@192.0.2.7/"}, "$.body.rtsp_url", "write {{ camera.url }}"),
    ({"cors_origins": ["nonsense"]}, "$.body.cors_origins[0]", "must fit the pattern"),
    ({"jpeg_quality": float("nan")}, "$.body.jpeg_quality", "finite"),
    ({"unit": 2**60}, "$.body.unit", "finite number up to 2^53"),
    ({"log_level": "a\x00b"}, "$.body.log_level", "a character that is none"),
    ({"log_level": "\ud800"}, "$.body.log_level", "a character that is none"),
    ({"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}, "$.body.a.b.c.d.e.f.g", "levels deep"),
    ({"log_level": "x" * 2049}, "$.body.log_level", "at most 2048 characters"),
]
CREDENTIALS: list[tuple[dict[str, Any], str]] = [
    ({"rtsp_url": "rtsp://viewer:hunter2@192.0.2.7/"}, "$.body.rtsp_url"),
    ({"rtsp_url": "rtsp://192.0.2.7/?user=a&password=hunter2"}, "$.body.rtsp_url"),
    ({"rtsp_url": "rtsp://{{ camera.user }}:hunter2@{{ camera.host }}/"}, "$.body.rtsp_url"),
    ({"rtsp_url": "rtsp://{{ 'viewer:hunter2@' }}{{ camera.host }}/"}, "$.body.rtsp_url"),
    ({"rtsp_url": "rtsp://{{ camera.user ~ ':' ~ 'hunter2' }}@{{ camera.host }}/"}, "$.body.rtsp_url"),
    ({"rtsp_url": "rtsp://{{ camera.user }}:{{ device.labels.word }}@{{ camera.host }}/"}, "$.body.rtsp_url"),
    ({"rtsp_url": "{# rtsp://viewer:hunter2@192.0.2.7/ #}{{ camera.url }}"}, "$.body.rtsp_url"),
    ({"rtsp_url": "rtsp://viewer:hunter2@{{ camera.host"}, "$.body.rtsp_url"),
    ({"control_url": "https://admin:hunter2@control.test"}, "$.body.control_url"),
    ({"device_token_file": "/etc/token=hunter2"}, "$.body.device_token_file"),
    ({"cors_origins": ["https://u:hunter2@x"]}, "$.body.cors_origins[0]"),
    ({"log_level": "Bearer hunter2hunter2"}, "$.body.log_level"),
    ({"rtsp://u:hunter2@h": 1}, "$.body.rtsp://u:***@h"),
]


@pytest.mark.parametrize("settings", GOOD)
def test_settings_and_expressions_that_can_be_right_are_taken(settings: dict[str, Any]) -> None:
    assert layer_faults(settings, "$.body") == []


@pytest.mark.parametrize(("settings", "path", "words"), BAD)
def test_what_can_never_be_right_is_a_fault_at_its_path(settings: dict[str, Any], path: str, words: str) -> None:
    faults = layer_faults(settings, "$.body")
    assert [fault.path for fault in faults if words in fault.message] == [path], faults


@pytest.mark.parametrize(("settings", "path"), CREDENTIALS)
def test_a_credential_in_clear_is_refused_with_its_place_and_never_quoted(settings: dict[str, Any], path: str) -> None:
    faults = layer_faults(settings, "$.body")
    told = [fault for fault in faults if "camera_password" in fault.message and "{{ camera.url }}" in fault.message]
    assert [fault.path for fault in told] == [path]
    assert "hunter2" not in str(faults)


def test_every_fault_is_told_at_once() -> None:
    faults = layer_faults({"colour": 1, "jpeg_quality": 0, "log_level": "{{ x }}", "version": 1}, "$")
    assert {fault.path for fault in faults} == {"$.colour", "$.jpeg_quality", "$.log_level", "$.version"}


@pytest.mark.parametrize("settings", [[], "x", None, 7])
def test_a_layer_is_an_object(settings: Any) -> None:
    (fault,) = layer_faults(settings, "$.overlays.dev")
    assert (fault.path, fault.message) == ("$.overlays.dev", "must be an object of settings")


def test_a_layer_has_a_size() -> None:
    origins = ["http://" + "x" * 2000] * (LARGEST_LAYER_BYTES // 2000 + 1)
    assert "larger than" in layer_faults({"cors_origins": origins}, "$")[0].message


def test_an_overlay_is_for_an_environment_there_is() -> None:
    with pytest.raises(InvalidError) as error:
        overlay_layers({"prod": {}}, "$.overlays")
    (fault,) = error.value.faults
    assert fault.path == "$.overlays.prod"
    assert "dev, staging, production" in fault.message
