"""One change to many devices: all of them, or none."""

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
def three(session: ScopedSession, fleet: Fleet) -> list[Device]:
    """`wash-1` of the fleet, and two more."""
    more = [
        factories.device(session, fleet.tenant, "wash-2", labels={"lane": "2", "old": "x"}),
        factories.device(session, fleet.tenant, "wash-3", labels={f"l{n}": "" for n in range(50)}),
    ]
    session.commit()
    return [fleet.device, *more]


def update(client: FlaskClient, fleet: Fleet, body: dict[str, Any], role: Role = Role.ADMIN) -> tuple[int, Any]:
    answer = client.post("/api/devices/bulk-update", json=body, headers=fleet.headers(role))
    return answer.status_code, answer.get_json()


def read(session: ScopedSession) -> dict[str, Device]:
    session.expunge_all()
    found = {device.name: device for device in session.scalars(sa.select(Device)).unique()}
    session.commit()
    return found


def test_it_says_what_was_changed_and_what_was_so_already(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, three: list[Device]
) -> None:
    body = {
        "target": {"device_ids": [device.id for device in three[:2]]},
        "add_labels": {"lane": "2"},
        "remove_labels": ["old", "never-there"],
        "ring": "canary",
        "reason": "lanes",
    }
    assert update(client, fleet, body) == (
        200,
        {"changed_count": 2, "unchanged_count": 0, "changed": ["wash-1", "wash-2"], "unchanged": []},
    )
    found = read(session)
    assert (found["wash-2"].labels, found["wash-2"].ring, found["wash-3"].ring) == ({"lane": "2"}, "canary", "main")
    assert update(client, fleet, body)[1] == {
        "changed_count": 0,
        "unchanged_count": 2,
        "changed": [],
        "unchanged": ["wash-1", "wash-2"],
    }


def test_one_device_that_cannot_be_so_leaves_all_as_they_were(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, three: list[Device]
) -> None:
    status, problem = update(client, fleet, {"target": {"all": True}, "add_labels": {"one-more": "x"}})
    assert (status, problem["faults"][0]["path"]) == (422, "wash-3.labels")
    assert all("one-more" not in device.labels for device in read(session).values())


@pytest.mark.usefixtures("three")
def test_one_entry_in_the_trail_tells_of_all(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    update(client, fleet, {"target": {"query": "name in (wash-1,wash-2)"}, "ring": "early", "reason": "wave 2"})
    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.reason, entry.subject_name) == ("device.bulk_update", "wave 2", "2 devices")
    assert entry.before == {"wash-1": {"ring": "canary"}, "wash-2": {"ring": "main"}}
    assert entry.after == {"wash-1": {"ring": "early"}, "wash-2": {"ring": "early"}}


@pytest.mark.usefixtures("three")
def test_operators_hold_and_release_and_do_nothing_else(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    target = {"target": {"query": "name=wash-2"}}
    assert update(client, fleet, target | {"held_reason": "lens broken"}, Role.OPERATOR)[0] == 200
    assert read(session)["wash-2"].held_reason == "lens broken"
    assert update(client, fleet, target | {"held_reason": ""}, Role.OPERATOR)[0] == 200
    assert read(session)["wash-2"].held_reason == ""
    for more in ({"ring": "x"}, {"add_labels": {"a": "b"}}, {"remove_labels": ["a"]}, {"environment": "dev"}):
        assert update(client, fleet, target | more, Role.OPERATOR)[0] == 403
    assert update(client, fleet, target | {"held_reason": "x"}, Role.VIEWER)[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        {}, {"target": {}}, {"target": {"all": False}}, {"target": {"all": True, "group_id": 1}},
        {"target": {"device_ids": []}}, {"target": {"device_ids": [2**62]}}, {"target": {"query": "ring="}},
        {"target": {"query": "ring=none"}}, {"target": {"all": True}, "add_labels": {"ring": "x"}},
        {"target": {"all": True}, "token": "x"},
    ],
)  # fmt: skip
def test_what_is_unclear_is_refused(client: FlaskClient, fleet: Fleet, body: dict[str, Any]) -> None:
    assert update(client, fleet, body)[0] == 422


def test_devices_of_others_are_out_of_reach(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    theirs = factories.device(session, factories.tenant(session), "theirs")
    session.commit()
    assert update(client, fleet, {"target": {"device_ids": [theirs.id]}, "ring": "x"})[0] == 422
    assert update(client, fleet, {"target": {"all": True}, "ring": "ours"})[0] == 200
    assert {name: device.ring for name, device in read(session).items()} == {"theirs": "main", "wash-1": "ours"}
