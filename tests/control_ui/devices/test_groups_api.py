"""Groups: lists and queries."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import AuditEntry, Device
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories
from tests.control_ui.devices.conftest import Fleet


@pytest.fixture
def second(session: ScopedSession, fleet: Fleet) -> Device:
    device = factories.device(session, fleet.tenant, "wash-2")
    session.commit()
    return device


def make(client: FlaskClient, fleet: Fleet, **body: Any) -> tuple[int, Any, str]:
    answer = client.post("/api/groups", json={"name": "some", "kind": "static"} | body, headers=fleet.headers())
    return answer.status_code, answer.get_json(), answer.headers.get("ETag", "")


def test_members_come_and_go_and_doing_it_twice_is_like_doing_it_once(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, second: Device
) -> None:
    _, group, _ = make(client, fleet)
    path = f"/api/groups/{group['id']}/members"
    both = [fleet.device.id, second.id]
    for expected in ({"added": 2, "removed": 0, "device_count": 2}, {"added": 0, "removed": 0, "device_count": 2}):
        assert client.post(path, json={"add": both}, headers=fleet.headers()).get_json() == expected
    swap = {"add": [fleet.device.id], "remove": [second.id]}
    assert client.post(path, json=swap, headers=fleet.headers()).get_json() == {
        "added": 0,
        "removed": 1,
        "device_count": 1,
    }
    listed = client.get(f"/api/devices?group_id={group['id']}", headers=fleet.headers()).get_json()
    assert [device["name"] for device in listed["items"]] == ["wash-1"]
    query = sa.select(AuditEntry).where(AuditEntry.action == "group.change_members").order_by(AuditEntry.id)
    assert [entry.after for entry in session.scalars(query)] == [
        {"added": ["wash-1", "wash-2"], "removed": []},
        {"added": [], "removed": ["wash-2"]},
    ]


@pytest.mark.usefixtures("second")
def test_a_group_by_query_has_whatever_its_query_finds_at_the_moment(client: FlaskClient, fleet: Fleet) -> None:
    _, group, _ = make(client, fleet, kind="query", label_query="ring=canary")
    assert group["device_count"] == 1
    client.post("/api/devices/bulk-update", json={"target": {"all": True}, "ring": "canary"}, headers=fleet.headers())
    make(client, fleet, name="other")
    listed = client.get("/api/groups", headers=fleet.headers(Role.VIEWER)).get_json()["items"]
    assert {item["name"]: item["device_count"] for item in listed} == {"some": 2, "other": 0}
    answer = client.post(f"/api/groups/{group['id']}/members", json={"add": []}, headers=fleet.headers())
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "query"}, {"kind": "query", "label_query": "ring="}, {"label_query": "ring=x"}, {"name": ""},
        {"kind": "magic"}, {"priority": 1001}, {"config_override": {}},
    ],
)  # fmt: skip
def test_a_group_that_makes_no_sense_is_refused(client: FlaskClient, fleet: Fleet, body: dict[str, Any]) -> None:
    assert make(client, fleet, **body)[0] == 422


def test_a_name_is_taken_once(client: FlaskClient, fleet: Fleet) -> None:
    assert make(client, fleet)[0] == 201
    assert make(client, fleet)[0] == 409
    _, other, etag = make(client, fleet, name="other")
    headers = fleet.headers(If_Match=etag)
    assert client.put(f"/api/groups/{other['id']}", json={"name": "some"}, headers=headers).status_code == 409


def test_of_two_who_edit_a_group_the_second_is_told(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    _, group, etag = make(client, fleet)
    path, headers = f"/api/groups/{group['id']}", fleet.headers(If_Match=etag)
    first = client.put(path, json={"description": "one", "priority": 5}, headers=headers)
    assert (first.status_code, first.get_json()["priority"], first.get_json()["name"]) == (200, 5, "some")
    assert client.put(path, json={"description": "two"}, headers=headers).status_code == 412
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "group.update")).one()
    assert ((entry.before or {})["description"], (entry.after or {})["description"]) == ("", "one")


def test_a_deleted_group_leaves_its_devices(client: FlaskClient, fleet: Fleet) -> None:
    _, group, _ = make(client, fleet)
    path = f"/api/groups/{group['id']}"
    client.post(f"{path}/members", json={"add": [fleet.device.id]}, headers=fleet.headers())
    assert client.delete(path, headers=fleet.headers()).status_code == 204
    assert client.get(path, headers=fleet.headers()).status_code == 404
    assert client.get(f"/api/devices/{fleet.device.id}", headers=fleet.headers()).status_code == 200


def test_devices_of_others_do_not_come_in_whoever_asks(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    theirs = factories.device(session, factories.tenant(session), "theirs")
    session.commit()
    _, group, _ = make(client, fleet)
    for headers in (fleet.headers(), factories.headers(fleet.users[Role.PLATFORM_ADMIN])):
        body = {"add": [fleet.device.id, theirs.id]}
        answer = client.post(f"/api/groups/{group['id']}/members", json=body, headers=headers)
        assert (answer.status_code, answer.get_json()["faults"][0]["message"]) == (422, f"unknown: {theirs.id}")
    assert client.get(f"/api/groups/{group['id']}", headers=fleet.headers()).get_json()["device_count"] == 0


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.OPERATOR])
def test_only_who_manages_devices_changes_groups(client: FlaskClient, fleet: Fleet, role: Role) -> None:
    _, group, etag = make(client, fleet)
    path, headers = f"/api/groups/{group['id']}", fleet.headers(role, If_Match=etag)
    assert client.post("/api/groups", json={"name": "x", "kind": "static"}, headers=headers).status_code == 403
    assert client.put(path, json={"name": "x"}, headers=headers).status_code == 403
    assert client.delete(path, headers=headers).status_code == 403
    assert client.post(f"{path}/members", json={}, headers=headers).status_code == 403
