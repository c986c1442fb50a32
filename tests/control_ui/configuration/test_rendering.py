"""From layers to one configuration: what wins, where each value comes from, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from control_ui.models import ConfigVersion, Device, GroupMember, Tenant
from control_ui.models.devices import Environment, GroupKind
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.rendering import Rendered, render
from control_ui.services.pictures.keys import picture_keys
from tests.control_ui import factories

CONTROL = "https://control.test"


@pytest.fixture
def tenant(session: ScopedSession) -> Tenant:
    return factories.tenant(session, "bluewave")


@pytest.fixture
def device(session: ScopedSession, tenant: Tenant) -> Device:
    return factories.device(
        session,
        tenant,
        "wash-1",
        site=factories.site(session, tenant, name="Downtown", city="Austin", region="west", latitude=30.25),
        environment=Environment.STAGING,
        labels={"lane": "2"},
        camera_host="192.0.2.7",
        camera_user="vie/wer",
        camera_password="pä ss@/:#",
    )


def rendered(
    session: ScopedSession, device: Device, body: dict[str, Any], *, overlays: dict[str, Any] | None = None
) -> Rendered:
    tenant = session.get_one(Tenant, device.tenant_id)
    version = factories.template(session, tenant, body, overlays=overlays or {})
    return render(session, device, version, 7, control_url=CONTROL)


def test_without_any_layer_the_system_sets_what_it_knows(session: ScopedSession, device: Device) -> None:
    device.api_keys = [{"name": "till", "sha256": "0" * 64}]
    result = render(session, device, None, 7, control_url=CONTROL)
    assert result.faults == []
    assert result.document == {
        "version": 7,
        "device_id": "wash-1",
        "control_url": CONTROL,
        "rtsp_url": "rtsp://vie%2Fwer:p%C3%A4%20ss%40%2F%3A%23@192.0.2.7:554/",
        "api_keys": [*device.api_keys, picture_keys.entry_of(device.id)],
    }
    assert result.shown == result.document | {"rtsp_url": "rtsp://vie%2Fwer:***@192.0.2.7:554/"}
    assert {path for path, origin in result.origins.items() if origin == "system"} == {
        "$.version", "$.device_id", "$.control_url", "$.rtsp_url", "$.api_keys",
    }  # fmt: skip
    assert result.origins["$.jpeg_quality"] == result.origins["$.thresholds.temperature_celsius"] == "default"


def test_each_layer_wins_over_those_below_it_and_is_named_as_the_origin(
    session: ScopedSession, device: Device, tenant: Tenant
) -> None:
    settings = ("jpeg_quality", "max_width", "history_size", "snapshot_interval_seconds", "checkin_interval_seconds")
    template, overlay, low, high, own = (dict.fromkeys(settings[at:], 100 - at) for at in range(5))
    overlays = {"staging": overlay, "production": dict.fromkeys(settings, 1)}
    version = factories.template(session, tenant, template, name="standard", overlays=overlays)
    groups = [
        factories.group(session, tenant, name="high", priority=5, config_override=high),
        factories.group(session, tenant, name="low", priority=-5, config_override=low),
    ]
    session.add_all(GroupMember(tenant_id=tenant.id, group_id=group.id, device_id=device.id) for group in groups)
    device.config_override = own
    session.flush()
    result = render(session, device, version, 7, control_url=CONTROL)
    assert result.faults == []
    assert [(result.document[name], result.origins[f"$.{name}"]) for name in settings] == [
        (100, "template:standard@1"), (99, "overlay:staging"), (98, "group:low"), (97, "group:high"), (96, "device"),
    ]  # fmt: skip


def test_of_two_groups_of_one_priority_the_later_one_wins(
    session: ScopedSession, device: Device, tenant: Tenant
) -> None:
    for quality in (50, 60):
        group = factories.group(session, tenant, config_override={"jpeg_quality": quality})
        session.add(GroupMember(tenant_id=tenant.id, group_id=group.id, device_id=device.id))
    session.flush()
    assert render(session, device, None, 1, control_url=CONTROL).document["jpeg_quality"] == 60


def test_a_group_by_query_counts_for_whom_its_query_finds(
    session: ScopedSession, device: Device, tenant: Tenant
) -> None:
    other = factories.device(session, tenant, labels={"lane": "1"})
    factories.group(
        session, tenant, name="lane2", kind=GroupKind.QUERY, label_query="lane=2", config_override={"jpeg_quality": 41}
    )
    assert render(session, device, None, 1, control_url=CONTROL).origins["$.jpeg_quality"] == "group:lane2"
    assert "jpeg_quality" not in render(session, other, None, 1, control_url=CONTROL).document


def test_a_group_of_another_tenant_never_counts(session: ScopedSession, device: Device) -> None:
    other = factories.tenant(session)
    group = factories.group(session, other, config_override={"jpeg_quality": 41})
    session.add(GroupMember(tenant_id=other.id, group_id=group.id, device_id=device.id))
    factories.group(session, other, kind=GroupKind.QUERY, label_query="lane=2", config_override={"max_width": 640})
    session.flush()
    assert {"jpeg_quality", "max_width"}.isdisjoint(render(session, device, None, 1, control_url=CONTROL).document)


def test_objects_are_merged_deeply_lists_are_replaced_and_null_takes_away(
    session: ScopedSession, device: Device
) -> None:
    body = {
        "thresholds": {"temperature_celsius": 70, "frozen_intervals": 9},
        "cors_origins": ["https://a.test", "https://b.test"],
        "jpeg_quality": 50,
        "control_url": "https://other.test",
    }
    device.config_override = {
        "thresholds": {"temperature_celsius": 75, "frozen_intervals": None},
        "cors_origins": ["https://c.test"],
        "jpeg_quality": None,
        "control_url": None,
    }
    result = rendered(session, device, body)
    assert result.document["thresholds"] == {"temperature_celsius": 75}
    assert result.origins["$.thresholds.temperature_celsius"] == "device"
    assert result.origins["$.thresholds.frozen_intervals"] == "default"
    assert result.document["cors_origins"] == ["https://c.test"]
    assert result.origins["$.jpeg_quality"] == "default"
    assert "control_url" not in result.document, "the Pi works alone"
    assert "$.control_url" not in result.origins


def test_expressions_see_site_device_camera_tenant_and_control_plane(session: ScopedSession, device: Device) -> None:
    body = {
        "control_url": "{{ control.url }}/{{ tenant.slug }}",
        "rtsp_url": "{{ camera.url }}{{ device.labels.lane }}",
        "jpeg_quality": "{{ site.latitude | int }}",
        "max_width": "{{ 640 if site.region == 'west' and device.environment == 'staging' else none }}",
        "history_size": "{{ none }}",
    }
    result = rendered(session, device, body)
    assert result.faults == []
    assert result.document["control_url"] == f"{CONTROL}/bluewave"
    assert result.document["rtsp_url"].endswith("@192.0.2.7:554/2")
    assert (result.document["jpeg_quality"], result.document["max_width"]) == (30, 640)
    assert result.origins["$.history_size"] == "default"


def test_what_cannot_be_worked_out_is_a_fault_that_names_its_layer(session: ScopedSession, device: Device) -> None:
    result = rendered(session, device, {}, overlays={"staging": {"jpeg_quality": "{{ device.labels.zone | int }}"}})
    (fault,) = result.faults
    assert fault.path == "$.jpeg_quality"
    assert "device.labels.zone is not known" in fault.message
    assert "overlay:staging" in fault.message


def test_what_layers_only_get_wrong_together_is_a_fault(session: ScopedSession, device: Device) -> None:
    device.config_override = {"stale_after_seconds": 20}
    result = rendered(session, device, {"snapshot_interval_seconds": 30})
    assert [fault.path for fault in result.faults] == ["$.stale_after_seconds"]


def test_a_camera_that_is_not_known_yet_is_a_fault_that_says_what_to_set(
    session: ScopedSession, device: Device
) -> None:
    device.camera_password = None
    (fault,) = rendered(session, device, {}).faults
    assert (fault.path, "camera_password" in fault.message) == ("$.rtsp_url", True)
    device.camera_host = ""
    (fault,) = rendered(session, device, {"rtsp_url": "{{ camera.url }}"}).faults
    assert (fault.path, "camera_host" in fault.message) == ("$.rtsp_url", True)
    (fault,) = rendered(session, device, {}).faults
    assert (fault.path, fault.message) == ("$.rtsp_url", "is required")


def test_a_camera_without_a_login_has_a_plain_address(session: ScopedSession, device: Device) -> None:
    device.camera_user, device.camera_path = "", "/live@2"
    result = rendered(session, device, {})
    assert result.faults == []
    assert result.document["rtsp_url"] == result.shown["rtsp_url"] == "rtsp://192.0.2.7:554/live@2"


def test_only_the_password_is_masked_even_where_the_path_looks_like_an_address(
    session: ScopedSession, device: Device
) -> None:
    device.camera_path = "/live@2"
    result = rendered(session, device, {"rtsp_url": "{{ camera.url }}/x"})
    assert (result.faults, result.shown["rtsp_url"]) == ([], "rtsp://vie%2Fwer:***@192.0.2.7:554/live@2/x")


def test_a_credential_that_facts_bring_in_is_masked_and_a_fault(session: ScopedSession, device: Device) -> None:
    device.camera_path = "/user=a&password=hunter2"
    result = rendered(session, device, {})
    assert [fault.path for fault in result.faults] == ["$.rtsp_url"]
    assert "hunter2" not in str((result.shown, result.origins, result.faults))


def test_equal_content_has_an_equal_hash_whatever_its_number(session: ScopedSession, device: Device) -> None:
    first = render(session, device, None, 1, control_url=CONTROL)
    assert render(session, device, None, 2, control_url=CONTROL).content_sha256 == first.content_sha256
    device.camera_password = "another"
    device.camera_password_revision += 1
    changed = render(session, device, None, 1, control_url=CONTROL)
    assert changed.shown == first.shown
    assert changed.content_sha256 != first.content_sha256


def test_rendering_stores_nothing(session: ScopedSession, device: Device) -> None:
    render(session, device, None, 1, control_url=CONTROL, override={"jpeg_quality": 3})
    assert not session.new
    assert not session.dirty
    assert session.query(ConfigVersion).count() == 0
    assert device.config_override == {}


def test_the_control_plane_may_fetch_pictures_whoever_else_may(session: ScopedSession, device: Device) -> None:
    own = picture_keys.entry_of(device.id)
    result = rendered(session, device, {})
    assert result.document["api_keys"] == result.shown["api_keys"] == [own]
    assert result.origins["$.api_keys"] == "system"
    plc = {"name": "plc", "sha256": "2" * 64}
    result = rendered(session, device, {"api_keys": [plc]})
    assert (result.faults, result.document["api_keys"]) == ([], [plc, own])
    assert result.origins["$.api_keys"].startswith("template:")


def test_the_controllers_keys_go_first_where_a_pi_takes_no_more(session: ScopedSession, device: Device) -> None:
    device.api_keys = [{"name": f"plc-{number}", "sha256": "2" * 64} for number in range(50)]
    result = render(session, device, None, 1, control_url=CONTROL)
    assert (result.faults, result.document["api_keys"]) == ([], device.api_keys)


def test_nobody_elses_key_bears_the_control_planes_name(session: ScopedSession, device: Device) -> None:
    device.api_keys = [{"name": "control-plane", "sha256": "2" * 64}]
    (fault,) = render(session, device, None, 1, control_url=CONTROL).faults
    assert fault.path == "$.api_keys[0].name"
    assert "give this key another name" in fault.message
