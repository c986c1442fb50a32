"""Sites: places, time zones, maintenance windows."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import AuditEntry
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories
from tests.control_ui.devices.conftest import Fleet

NIGHT = {"days": ["mon", "tue"], "start": "22:00", "minutes": 240}
SITE = {
    "name": "Akron 01", "city": "Akron", "state": "OH", "region": "midwest", "latitude": 41.1, "longitude": -81.5,
    "timezone": "America/New_York", "maintenance_windows": [NIGHT],
}  # fmt: skip


def make(client: FlaskClient, fleet: Fleet, **changes: Any) -> tuple[int, Any, str]:
    answer = client.post("/api/sites", json=SITE | changes, headers=fleet.headers())
    return answer.status_code, answer.get_json(), answer.headers.get("ETag", "")


def test_a_site_is_made_and_found(client: FlaskClient, fleet: Fleet) -> None:
    status, made, etag = make(client, fleet)
    assert status == 201
    assert {name: made[name] for name in SITE} == SITE
    shown = client.get(f"/api/sites/{made['id']}", headers=fleet.headers(Role.VIEWER))
    assert (shown.get_json(), shown.headers["ETag"]) == (made, etag)
    for query in ("q=akr", "region=midwest"):
        listed = client.get(f"/api/sites?{query}", headers=fleet.headers()).get_json()["items"]
        assert [site["name"] for site in listed] == ["Akron 01"]


def test_the_least_that_makes_a_site(client: FlaskClient, fleet: Fleet) -> None:
    answer = client.post("/api/sites", json={"name": "Boise 02"}, headers=fleet.headers())
    made = answer.get_json()
    assert (made["timezone"], made["latitude"], made["maintenance_windows"]) == ("UTC", None, [])


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"timezone": "Akron"}, "$.timezone"),
        ({"timezone": "America"}, "$.timezone"),
        ({"timezone": "../etc/passwd"}, "$.timezone"),
        ({"maintenance_windows": [NIGHT | {"start": "24:00"}]}, "$.maintenance_windows[0].start"),
        ({"maintenance_windows": [NIGHT | {"minutes": 14}]}, "$.maintenance_windows[0].minutes"),
        ({"maintenance_windows": [NIGHT, NIGHT | {"days": ["fri", "fri"]}]}, "$.maintenance_windows[1].days"),
        ({"maintenance_windows": [NIGHT | {"days": []}]}, "$.maintenance_windows[0].days"),
        ({"maintenance_windows": [NIGHT] * 22}, "$.maintenance_windows"),
        ({"latitude": 91}, "$.latitude"),
        ({"region": "mid west"}, "$.region"),
        ({"name": " "}, "$.name"),
        ({"name": "a\x00"}, "$.name"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_path(
    client: FlaskClient, fleet: Fleet, changes: dict[str, Any], path: str
) -> None:
    status, problem, _ = make(client, fleet, **changes)
    assert (status, problem["faults"][0]["path"]) == (422, path)


def test_only_what_is_given_changes(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    _, made, etag = make(client, fleet)
    path, headers = f"/api/sites/{made['id']}", fleet.headers(If_Match=etag)
    answer = client.put(path, json={"city": "Akron West", "latitude": None, "reason": "map"}, headers=headers)
    changed = answer.get_json()
    assert (answer.status_code, changed["city"], changed["latitude"], changed["state"]) == (
        200,
        "Akron West",
        None,
        "OH",
    )
    assert client.put(path, json={"city": "x"}, headers=headers).status_code == 412
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "site.update")).one()
    assert (entry.before, entry.after) == (
        {"city": "Akron", "latitude": 41.1},
        {"city": "Akron West", "latitude": None},
    )


def test_a_name_is_taken_once_in_a_tenant(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    factories.site(session, factories.tenant(session), name="Akron 01")
    session.commit()
    assert make(client, fleet)[0] == 201
    assert make(client, fleet)[0] == 409
    _, other, etag = make(client, fleet, name="Akron 02")
    answer = client.put(f"/api/sites/{other['id']}", json={"name": "Akron 01"}, headers=fleet.headers(If_Match=etag))
    assert answer.status_code == 409


def test_a_site_goes_when_no_device_stands_there(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    path = f"/api/sites/{fleet.device.site_id}"
    answer = client.delete(path, headers=fleet.headers())
    assert (answer.status_code, "wash-1" in answer.get_json()["detail"]) == (409, True)
    empty = factories.site(session, fleet.tenant)
    session.commit()
    assert client.delete(f"/api/sites/{empty.id}", headers=fleet.headers()).status_code == 204
    assert client.get(f"/api/sites/{empty.id}", headers=fleet.headers()).status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.OPERATOR])
def test_only_who_manages_devices_changes_sites(client: FlaskClient, fleet: Fleet, role: Role) -> None:
    path, headers = f"/api/sites/{fleet.device.site_id}", fleet.headers(role, If_Match='"1"')
    assert client.post("/api/sites", json=SITE, headers=headers).status_code == 403
    assert client.put(path, json={"city": "x"}, headers=headers).status_code == 403
    assert client.delete(path, headers=headers).status_code == 403
