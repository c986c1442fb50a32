"""The difference between any two: versions of templates, configurations of devices, what a device would get now."""

from __future__ import annotations

from typing import Any

import pytest

from control_ui.models import Device
from tests.control_ui import factories
from tests.control_ui.configuration.conftest import Office, faults_of


@pytest.fixture
def template_id(office: Office) -> int:
    """With two versions, and given to the device, which has a configuration of the first."""
    made: int = office.post("/templates", {"name": "standard", "body": {"jpeg_quality": 70}}).get_json()["id"]
    config = f"/devices/{office.device.id}/config"
    assert office.put(config, {"template_id": made, "deploy": True}, office.etag(config)).status_code == 202
    path = f"/templates/{made}"
    content = {"body": {"jpeg_quality": 80}, "overlays": {"staging": {"max_width": 640}}}
    assert office.put(path, content, office.etag(path)).status_code == 200
    return made


def diff(office: Office, left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    answer = office.post("/configuration/diff", {"left": left, "right": right})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


def changes(shown: dict[str, Any]) -> list[tuple[str, Any, Any, str | None]]:
    return [(one["path"], one["before"], one["after"], one["origin"]) for one in shown["changes"]]


def test_two_versions_of_a_template_with_their_overlays(office: Office, template_id: int) -> None:
    first, latest = ({"kind": "template", "template_id": template_id} | more for more in ({"number": 1}, {}))
    shown = diff(office, first, latest)
    assert (shown["left"], shown["right"]) == ("template:standard@1", "template:standard@2")
    assert changes(shown) == [("$.jpeg_quality", 70, 80, None), ("$.overlays.staging.max_width", None, 640, None)]
    assert [line for line in shown["unified"] if "jpeg_quality" in line] == [
        '-  "jpeg_quality": 70,', '+  "jpeg_quality": 80,',
    ]  # fmt: skip


def test_what_a_device_has_and_would_get_now(office: Office, template_id: int) -> None:
    device_id = office.device.id
    had, now = {"kind": "version", "device_id": device_id, "number": 1}, {"kind": "now", "device_id": device_id}
    shown = diff(office, had, now)
    assert (shown["left"], shown["right"]) == ("wash-1@1", "wash-1 now")
    assert changes(shown) == [("$.jpeg_quality", 70, 80, "template:standard@2")]
    assert changes(diff(office, now, now)) == []


def test_two_devices(office: Office, template_id: int) -> None:
    other = factories.device(office.session, office.tenant, "wash-2", camera_host="192.0.2.8")
    office.session.commit()
    shown = diff(office, {"kind": "now", "device_id": office.device.id}, {"kind": "now", "device_id": other.id})
    paths = [path for path, *_ in changes(shown)]
    assert paths == ["$.api_keys", "$.device_id", "$.jpeg_quality", "$.rtsp_url"]


def test_a_template_and_what_became_of_it(office: Office, template_id: int) -> None:
    template = {"kind": "template", "template_id": template_id, "number": 2}
    shown = diff(office, template, {"kind": "version", "device_id": office.device.id, "number": 1})
    assert ("$.jpeg_quality", 80, 70, "template:standard@1") in changes(shown)
    assert not any(path.startswith("$.overlays") for path, *_ in changes(shown))


def test_a_changed_password_is_told_and_not_shown(office: Office, template_id: int) -> None:
    (device,) = office.rows(Device)
    old = device.camera_password
    device.camera_password, device.camera_password_revision = "hunter2-new", 2
    device.config_override = {"jpeg_quality": 70}
    office.session.commit()
    device_id = office.device.id
    had, now = {"kind": "version", "device_id": device_id, "number": 1}, {"kind": "now", "device_id": device_id}
    shown = diff(office, had, now)
    masked = "rtsp://viewer:***@192.0.2.7:554/"
    assert shown["changes"] == [
        {"path": "$.rtsp_url", "before": masked, "after": masked, "origin": "system", "secret": True}
    ]
    assert "hunter2-new" not in str(shown)
    assert str(old) not in str(shown)


def test_what_is_not_there_or_of_another_tenant_is_not_found(office: Office) -> None:
    theirs = factories.device(office.session, factories.tenant(office.session))
    office.session.commit()
    ours = {"kind": "now", "device_id": office.device.id}
    for other in (
        {"kind": "now", "device_id": theirs.id},
        {"kind": "version", "device_id": theirs.id, "number": 1},
        {"kind": "version", "device_id": office.device.id, "number": 1},
        {"kind": "template", "template_id": 9999},
    ):
        assert office.post("/configuration/diff", {"left": ours, "right": other}).status_code == 404


def test_a_side_is_of_one_kind(office: Office) -> None:
    ours = {"kind": "now", "device_id": office.device.id}
    for wrong in ({}, {"kind": "device"}, {"kind": "now"}, ours | {"number": 2}, {"kind": "version", "device_id": 1}):
        answer = office.post("/configuration/diff", {"left": ours, "right": wrong})
        assert all(path.startswith("$.right") for path in faults_of(answer))
