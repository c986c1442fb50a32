"""One device over the API: what it would get, has and had, and giving it something else."""

from __future__ import annotations

from typing import Any

import pytest

from control_ui.models import AuditEntry, ConfigVersion, DeviceState
from tests.control_ui import factories
from tests.control_ui.configuration.conftest import Office, faults_of


@pytest.fixture
def path(office: Office) -> str:
    return f"/devices/{office.device.id}/config"


@pytest.fixture
def template_id(office: Office) -> int:
    version = factories.template(office.session, office.tenant, {"jpeg_quality": 70}, name="standard")
    office.session.commit()
    return version.template_id


def state(office: Office) -> DeviceState:
    (row,) = office.rows(DeviceState)
    return row


def report(office: Office, number: int) -> None:
    """As a check-in of the Pi does it."""
    state(office).config_version = number
    office.session.commit()


def put(office: Office, path: str, body: dict[str, Any], status: int = 202) -> dict[str, Any]:
    answer = office.put(path, body, office.etag(path))
    assert answer.status_code == status, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


def test_a_device_without_anything_says_so(office: Office, path: str) -> None:
    shown = office.get(path).get_json()
    assert (shown["desired"], shown["in_force"], shown["reported_number"], shown["shown"]) == (None,) * 4
    assert (shown["template_id"], shown["config_override"], shown["in_step"]) == (None, {}, True)
    assert office.get(shown["history"].removeprefix("/api")).get_json() == {"items": [], "next": None}


def test_settings_are_kept_and_answered_with_what_the_device_would_get(
    office: Office, path: str, template_id: int
) -> None:
    shown = put(office, path, {"template_id": template_id, "config_override": {"max_width": 640}, "reason": "small"})
    assert (shown["shown"]["jpeg_quality"], shown["origins"]["$.jpeg_quality"]) == (70, "template:standard@1")
    assert (shown["shown"]["max_width"], shown["origins"]["$.max_width"]) == (640, "device")
    assert (shown["effective"]["history_size"], shown["origins"]["$.history_size"]) == (20, "default")
    assert (shown["shown"]["version"], shown["version"], shown["faults"]) == (1, None, [])
    assert office.rows(ConfigVersion) == [], "nothing is made without being asked for"
    (entry,) = office.rows(AuditEntry)
    assert (entry.action, entry.reason) == ("device.configure", "small")
    assert entry.before == {"template_id": None, "config_override": {}}
    assert entry.after == {"template_id": template_id, "config_override": {"max_width": 640}}


def test_what_is_left_out_stays(office: Office, path: str, template_id: int) -> None:
    put(office, path, {"template_id": template_id})
    put(office, path, {"config_override": {"max_width": 640}})
    shown = put(office, path, {"reason": "nothing new"})
    assert shown["row_version"] == office.get(path).get_json()["row_version"]
    assert office.get(path).get_json()["template_id"] == template_id
    put(office, path, {"template_id": None})
    after = office.get(path).get_json()
    assert (after["template_id"], after["config_override"]) == (None, {"max_width": 640})


def test_with_deploy_it_is_made_and_wanted(office: Office, path: str, template_id: int) -> None:
    shown = put(office, path, {"template_id": template_id, "deploy": True, "reason": "now"})
    (made,) = office.rows(ConfigVersion)
    assert (shown["version"]["number"], made.number, made.reason) == (1, 1, "now")
    assert state(office).desired_config_id == made.id
    assert made.document["control_url"] == "http://127.0.0.1:8000"
    after = office.get(path).get_json()
    assert (after["desired"]["number"], after["reported_number"], after["in_step"]) == (1, None, False)
    assert (after["shown"], after["origins"]) == (made.shown, made.origins)
    (entry,) = office.rows(AuditEntry)
    assert entry.after is not None
    assert entry.after["config_version"] == 1


def test_what_is_in_force_is_what_the_pi_reports(office: Office, path: str, template_id: int) -> None:
    put(office, path, {"template_id": template_id, "deploy": True})
    report(office, 1)
    shown = office.get(path).get_json()
    assert (shown["in_force"]["number"], shown["in_step"]) == (1, True)
    report(office, 12)
    shown = office.get(path).get_json()
    assert (shown["reported_number"], shown["in_force"], shown["in_step"]) == (12, None, False)


def test_a_deployment_of_what_no_pi_would_take_changes_nothing(office: Office, path: str) -> None:
    sent = {"config_override": {"stale_after_seconds": 1}, "deploy": True}
    faults = faults_of(office.put(path, sent, office.etag(path)))
    assert set(faults) == {"wash-1:$.stale_after_seconds"}
    assert office.get(path).get_json()["config_override"] == {}
    assert state(office).desired_config_id is None


def test_without_deploy_the_faults_are_told_and_the_settings_kept(office: Office, path: str) -> None:
    shown = put(office, path, {"config_override": {"stale_after_seconds": 1}})
    assert [fault["path"] for fault in shown["faults"]] == ["$.stale_after_seconds"]


def test_settings_that_can_never_be_right_are_refused(office: Office, path: str) -> None:
    faults = faults_of(office.put(path, {"config_override": {"colour": 1}}, office.etag(path)))
    assert set(faults) == {"$.config_override.colour"}
    faults = faults_of(office.put(path, {"template_id": 9999}, office.etag(path)))
    assert set(faults) == {"$.template_id"}


def test_a_template_of_another_tenant_cannot_be_used(office: Office, path: str) -> None:
    theirs = factories.template(office.session, factories.tenant(office.session))
    office.session.commit()
    assert faults_of(office.put(path, {"template_id": theirs.template_id}, office.etag(path)))
    assert faults_of(office.post(f"{path}/preview", {"template_id": theirs.template_id}))


def test_a_held_device_gets_nothing(office: Office, path: str) -> None:
    office.device.held_reason = "camera is being replaced"
    office.session.commit()
    answer = office.put(path, {"deploy": True}, office.etag(path))
    assert (answer.status_code, "camera is being replaced" in answer.text) == (409, True)


def test_where_four_eyes_are_wanted_nobody_goes_around_them(office: Office, path: str) -> None:
    office.tenant.requires_approval = True
    office.session.commit()
    answer = office.put(path, {"config_override": {"max_width": 640}, "deploy": True}, office.etag(path))
    assert (answer.status_code, "make a deployment" in answer.text) == (409, True)
    assert office.get(path).get_json()["config_override"] == {}


def test_a_write_shows_what_it_has_read(office: Office, path: str) -> None:
    assert office.put(path, {}, None).status_code == 428
    assert office.put(path, {}, '"99"').status_code == 412


def test_a_preview_says_what_would_be_and_stores_nothing(office: Office, path: str, template_id: int) -> None:
    put(office, path, {"config_override": {"max_width": 640}, "deploy": True})
    before = office.get(path).get_json()
    answer = office.post(f"{path}/preview", {"template_id": template_id, "config_override": {"history_size": 5}})
    shown = answer.get_json()
    assert (answer.status_code, shown["faults"]) == (200, [])
    assert [(one["path"], one["before"], one["after"], one["origin"]) for one in shown["difference"]["changes"]] == [
        ("$.history_size", None, 5, "device"),
        ("$.jpeg_quality", None, 70, "template:standard@1"),
        ("$.max_width", 640, None, "device"),
    ]
    assert '-  "max_width": 640,' in shown["difference"]["unified"]
    assert (shown["difference"]["left"], shown["difference"]["right"]) == ("wash-1@1", "wash-1 now")
    assert office.get(path).get_json() == before


def test_a_preview_of_what_the_device_has_anyway_shows_no_difference(
    office: Office, path: str, template_id: int
) -> None:
    put(office, path, {"template_id": template_id, "deploy": True})
    shown = office.post(f"{path}/preview", {}).get_json()
    assert (shown["difference"]["changes"], shown["difference"]["unified"]) == ([], [])


def test_a_preview_takes_any_version_of_a_template(office: Office, path: str, template_id: int) -> None:
    template = f"/templates/{template_id}"
    office.put(template, {"body": {"jpeg_quality": 80}}, office.etag(template))
    qualities = [
        office.post(f"{path}/preview", {"template_id": template_id} | number).get_json()["shown"]["jpeg_quality"]
        for number in ({"number": 1}, {"number": 2}, {})
    ]
    assert qualities == [70, 80, 80]
    assert office.post(f"{path}/preview", {"template_id": template_id, "number": 3}).status_code == 404
    assert set(faults_of(office.post(f"{path}/preview", {"number": 1}))) == {"$.number"}


def test_a_preview_tells_faults_by_path(office: Office, path: str) -> None:
    shown = office.post(f"{path}/preview", {"config_override": {"log_level": "{{ device.labels.level }}"}}).get_json()
    assert [fault["path"] for fault in shown["faults"]] == ["$.log_level"]
    assert set(faults_of(office.post(f"{path}/preview", {"config_override": {"colour": 1}}))) == {
        "$.config_override.colour"
    }


def test_the_history_shows_each_configuration_and_what_it_changed(office: Office, path: str) -> None:
    for quality in (60, 70, 80):
        put(office, path, {"config_override": {"jpeg_quality": quality}, "deploy": True, "reason": f"try {quality}"})
    page = office.get(f"{path}/versions?limit=2").get_json()
    assert [(one["number"], one["reason"]) for one in page["items"]] == [(3, "try 80"), (2, "try 70")]
    rest = office.get(f"{path}/versions?limit=2&cursor={page['next']}").get_json()
    assert [one["number"] for one in rest["items"]] == [1]
    second = office.get(f"{path}/versions/2").get_json()
    assert [(one["before"], one["after"]) for one in second["difference"]["changes"]] == [(60, 70)]
    assert (second["shown"]["jpeg_quality"], second["effective"]["max_width"]) == (70, 1920)
    first = office.get(f"{path}/versions/1").get_json()
    assert "$.jpeg_quality" in {one["path"] for one in first["difference"]["changes"]}
    assert office.get(f"{path}/versions/4").status_code == 404


def test_a_device_of_another_tenant_is_not_there(office: Office) -> None:
    theirs = factories.device(office.session, factories.tenant(office.session))
    office.session.commit()
    path = f"/devices/{theirs.id}/config"
    assert office.get(path).status_code == 404
    assert office.put(path, {}, '"1"').status_code == 404
    assert office.post(f"{path}/preview", {}).status_code == 404
