"""What a group lays over the templates of its devices."""

from __future__ import annotations

import pytest

from control_ui.models import AuditEntry, Group, GroupMember
from tests.control_ui import factories
from tests.control_ui.configuration.conftest import Office, faults_of


@pytest.fixture
def group(office: Office) -> Group:
    group = factories.group(office.session, office.tenant, name="west")
    office.session.add(GroupMember(tenant_id=office.tenant.id, group_id=group.id, device_id=office.device.id))
    office.session.commit()
    return group


def test_an_override_reaches_the_groups_devices(office: Office, group: Group) -> None:
    path = f"/groups/{group.id}/config"
    answer = office.put(path, {"config_override": {"jpeg_quality": 66}, "reason": "dark"}, office.etag(path))
    assert (answer.status_code, answer.get_json()["config_override"]) == (200, {"jpeg_quality": 66})
    assert answer.headers["ETag"] == office.etag(path)
    shown = office.post(f"/devices/{office.device.id}/config/preview", {}).get_json()
    assert (shown["shown"]["jpeg_quality"], shown["origins"]["$.jpeg_quality"]) == (66, "group:west")
    (entry,) = office.rows(AuditEntry)
    assert (entry.action, entry.reason) == ("group.configure", "dark")
    assert (entry.before, entry.after) == ({"config_override": {}}, {"config_override": {"jpeg_quality": 66}})


def test_the_same_override_again_changes_nothing(office: Office, group: Group) -> None:
    path = f"/groups/{group.id}/config"
    etag = office.etag(path)
    assert office.put(path, {"config_override": {}}, etag).headers["ETag"] == etag
    assert office.rows(AuditEntry) == []


def test_what_cannot_be_right_is_refused(office: Office, group: Group) -> None:
    path = f"/groups/{group.id}/config"
    faults = faults_of(office.put(path, {"config_override": {"jpeg_quality": 0}}, office.etag(path)))
    assert set(faults) == {"$.config_override.jpeg_quality"}


def test_a_write_shows_what_it_has_read(office: Office, group: Group) -> None:
    path = f"/groups/{group.id}/config"
    assert office.put(path, {"config_override": {}}, None).status_code == 428
    assert office.put(path, {"config_override": {}}, '"99"').status_code == 412


def test_a_group_of_another_tenant_is_not_there(office: Office) -> None:
    theirs = factories.group(office.session, factories.tenant(office.session))
    office.session.commit()
    assert office.get(f"/groups/{theirs.id}/config").status_code == 404
    assert office.put(f"/groups/{theirs.id}/config", {"config_override": {}}, '"1"').status_code == 404
