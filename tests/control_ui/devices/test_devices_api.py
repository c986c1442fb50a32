"""The records of devices, through the API."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import AuditEntry, Device, DeviceLog, DeviceState
from control_ui.models.devices import DeviceStatus, Environment, GroupKind
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.devices.conftest import Fleet

SHA256 = "a" * 64


@pytest.fixture
def new(session: ScopedSession, fleet: Fleet) -> dict[str, Any]:
    """The least that makes a device."""
    site = factories.site(session, fleet.tenant, name="Akron 01")
    session.commit()
    return {"name": "akron-oh-01", "site_id": site.id, "environment": "production"}


def names(client: FlaskClient, fleet: Fleet, query: str) -> str:
    answer = client.get(f"/api/devices?{query}", headers=fleet.headers(Role.VIEWER))
    assert answer.status_code == 200, answer.text
    return " ".join(item["name"] for item in answer.get_json()["items"])


def test_a_device_is_made_with_sensible_defaults(client: FlaskClient, fleet: Fleet, new: dict[str, Any]) -> None:
    answer = client.post("/api/devices", json=new, headers=fleet.headers())
    assert answer.status_code == 201
    made = answer.get_json()
    assert (made["status"], made["ring"], made["token"]) == ("never seen", "main", "none")
    assert made["camera"] == {
        "host": "", "port": 554, "path": "/", "user": "", "password_is_set": False, "password_revision": 0,
    }  # fmt: skip
    assert made["site"]["name"] == "Akron 01"
    shown = client.get(f"/api/devices/{made['id']}", headers=fleet.headers())
    assert shown.get_json() == made
    assert shown.headers["ETag"] == answer.headers["ETag"]


def test_a_name_that_is_taken_and_a_site_that_is_not_there_are_refused(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, new: dict[str, Any]
) -> None:
    assert client.post("/api/devices", json=new | {"name": "wash-1"}, headers=fleet.headers()).status_code == 409
    theirs = factories.site(session, factories.tenant(session))
    session.commit()
    for site_id in (theirs.id, 2**62):
        answer = client.post("/api/devices", json=new | {"site_id": site_id}, headers=fleet.headers())
        assert (answer.status_code, answer.get_json()["faults"][0]["path"]) == (422, "$.site_id")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Akron OH"), ("name", "-x"), ("ring", "a b"), ("address", "-oProxyCommand=sh"), ("address", "a b"),
        ("ssh_port", 0), ("ssh_user", "root;sh"), ("camera_path", "no-slash"), ("camera_path", "/a\nb"),
        ("camera_user", "a\x00"), ("camera_password", "a\nb"), ("camera_password", "\ud800"), ("labels", {"ring": "x"}),
        ("labels", {"a b": "x"}), ("labels", {"a": "x y"}), ("labels", {"a": 7}),
        ("labels", {f"l{n}": "" for n in range(51)}),
        ("api_keys", [{"name": "till", "sha256": "short"}]), ("api_keys", [{"name": "till", "key": "clear"}]),
        ("api_keys", [{"name": "a", "sha256": SHA256}, {"name": "a", "sha256": SHA256}]),
        ("api_keys", [{"name": "a", "sha256": SHA256, "expires_at": "2026-13-01T00:00:00Z"}]),
        ("environment", "prod"), ("held_reason", "x" * 501), ("token_sha256", SHA256), ("ssh_host_keys", []),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_its_path(
    client: FlaskClient, fleet: Fleet, new: dict[str, Any], field: str, value: Any
) -> None:
    answer = client.post("/api/devices", json=new | {field: value}, headers=fleet.headers())
    assert answer.status_code == 422, answer.text
    assert answer.get_json()["faults"][0]["path"].startswith(f"$.{field}")


def test_only_what_is_given_changes_and_the_trail_has_before_and_after(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    path = f"/api/devices/{fleet.device.id}"
    before = client.get(path, headers=fleet.headers())
    change = {"labels": {"lane": "2"}, "camera_port": 8554, "held_reason": "lens is broken", "reason": "ticket 7"}
    answer = client.put(path, json=change, headers=fleet.headers(If_Match=before.headers["ETag"]))
    assert answer.status_code == 200
    after = answer.get_json()
    assert (after["labels"], after["camera"]["port"], after["ring"]) == ({"lane": "2"}, 8554, "canary")
    assert answer.headers["ETag"] != before.headers["ETag"]
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "device.update")).one()
    assert entry.before == {"labels": {}, "camera_port": 554, "held_reason": ""}
    assert entry.after == {"labels": {"lane": "2"}, "camera_port": 8554, "held_reason": "lens is broken"}
    assert (entry.reason, entry.subject_name) == ("ticket 7", "wash-1")


def test_of_two_who_edit_one_device_the_second_is_told_and_loses_nothing(client: FlaskClient, fleet: Fleet) -> None:
    path = f"/api/devices/{fleet.device.id}"
    headers = fleet.headers(If_Match=client.get(path, headers=fleet.headers()).headers["ETag"])
    assert client.put(path, json={"ring": "early"}, headers=headers).status_code == 200
    answer = client.put(path, json={"ring": "late"}, headers=headers)
    assert answer.status_code == 412
    assert client.get(path, headers=fleet.headers()).get_json()["ring"] == "early"
    assert client.put(path, json={"ring": "late"}, headers=fleet.headers()).status_code == 428


def test_a_change_that_changes_nothing_leaves_no_trace(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    path = f"/api/devices/{fleet.device.id}"
    etag = client.get(path, headers=fleet.headers()).headers["ETag"]
    answer = client.put(path, json={"ring": "canary"}, headers=fleet.headers(If_Match=etag))
    assert (answer.status_code, answer.headers["ETag"]) == (200, etag)
    assert session.query(AuditEntry).count() == 0


def test_a_camera_password_goes_in_and_never_comes_out(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    path = f"/api/devices/{fleet.device.id}"

    def put(change: dict[str, Any]) -> dict[str, Any]:
        etag = client.get(path, headers=fleet.headers()).headers["ETag"]
        answer = client.put(path, json=change, headers=fleet.headers(If_Match=etag))
        assert answer.status_code == 200
        assert "new-secret" not in answer.text
        camera: dict[str, Any] = answer.get_json()["camera"]
        return camera

    assert (put({"camera_password": "new-secret"})["password_revision"]) == 2
    assert (put({"camera_password": "new-secret"})["password_revision"]) == 2
    stored = session.scalars(sa.select(Device.camera_password).where(Device.id == fleet.device.id)).one()
    session.commit()
    assert stored == "new-secret"
    forgotten = put({"camera_password": None})
    assert (forgotten["password_is_set"], forgotten["password_revision"]) == (False, 3)
    entries = list(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "device.update")))
    assert [entry.after for entry in entries] == [{"camera_password_revision": 2}, {"camera_password_revision": 3}]


def test_a_login_in_the_camera_path_is_masked_and_the_masked_path_put_back_keeps_it(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    path = f"/api/devices/{fleet.device.id}"
    secret = "/user=admin&password=hunter2&channel=1"
    for given in (secret, "/user=admin&password=***&channel=1"):
        etag = client.get(path, headers=fleet.headers()).headers["ETag"]
        answer = client.put(path, json={"camera_path": given}, headers=fleet.headers(If_Match=etag))
        assert answer.get_json()["camera"]["path"] == "/user=admin&password=***&channel=1"
    assert session.scalars(sa.select(Device.camera_path).where(Device.id == fleet.device.id)).one() == secret


def test_a_device_moves_to_another_site_of_its_tenant_only(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    site = factories.site(session, fleet.tenant, name="Boise 02")
    theirs = factories.site(session, factories.tenant(session))
    session.commit()
    path = f"/api/devices/{fleet.device.id}"
    headers = factories.headers(fleet.users[Role.PLATFORM_ADMIN])
    for site_id, status in ((theirs.id, 422), (site.id, 200)):
        etag = client.get(path, headers=headers).headers["ETag"]
        answer = client.put(path, json={"site_id": site_id}, headers=headers | {"If-Match": etag})
        assert answer.status_code == status
    assert answer.get_json()["site"]["name"] == "Boise 02"


def test_a_device_without_a_past_can_be_deleted_with_all_it_told(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    group = factories.group(session, fleet.tenant)
    session.add(
        DeviceLog(
            tenant_id=fleet.tenant.id, device_id=fleet.device.id, entry_id="x", at=NOW, priority=6, message="hello"
        )
    )
    session.commit()
    path = f"/api/devices/{fleet.device.id}"
    client.post(f"/api/groups/{group.id}/members", json={"add": [fleet.device.id]}, headers=fleet.headers())
    client.post(f"{path}/enrolment-token", json={}, headers=fleet.headers())
    assert client.delete(f"{path}?reason=typo", headers=fleet.headers()).status_code == 204
    assert client.get(path, headers=fleet.headers()).status_code == 404
    assert session.query(DeviceState).count() == session.query(DeviceLog).count() == 0


def test_a_device_with_a_past_stays_and_it_is_said_what_to_do(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    factories.run(session, [fleet.device])
    configured = factories.device(session, fleet.tenant, "wash-2")
    factories.config_version(session, configured)
    session.commit()
    for device in (fleet.device, configured):
        answer = client.delete(f"/api/devices/{device.id}", headers=fleet.headers())
        assert answer.status_code == 409
        assert f"/api/devices/{device.id}/token/revoke" in answer.get_json()["detail"]


def test_devices_are_found_by_all_that_is_known_of_them(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    west = factories.site(session, fleet.tenant, name="Boise 02", city="Boise", region="west")
    template = factories.template(session, fleet.tenant).template
    group = factories.group(session, fleet.tenant, kind=GroupKind.QUERY, label_query="lane=2")
    factories.device(
        session, fleet.tenant, "wash-2", site=west, environment=Environment.STAGING, labels={"lane": "2"},
        address="198.18.0.7", template_id=template.id, status=DeviceStatus.ONLINE, release="1.2.3",
    )  # fmt: skip
    session.commit()
    for query in (
        "q=WASH-2", "q=boise", "q=198.18.0.7", "status=online", f"group_id={group.id}", "query=lane%3D2",
        "region=west", "ring=main", "environment=staging", f"template_id={template.id}", f"site_id={west.id}",
        "release=1.2.3", "q=wash&status=online&region=west",
    ):  # fmt: skip
        assert names(client, fleet, query) == "wash-2", query
    assert names(client, fleet, "") == "wash-1 wash-2"
    assert names(client, fleet, "q=%25") == ""
    assert names(client, fleet, "region=") == "wash-1"


def test_the_list_is_paged_by_name(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    for name in ("c", "a", "b"):
        factories.device(session, fleet.tenant, name)
    session.commit()
    first = client.get("/api/devices?limit=3", headers=fleet.headers()).get_json()
    second = client.get(f"/api/devices?limit=3&cursor={first['next']}", headers=fleet.headers()).get_json()
    assert [item["name"] for item in first["items"] + second["items"]] == ["a", "b", "c", "wash-1"]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query", ["query=ring%3D", "status=ofline", "group_id=0", "limit=501", "cursor=x", "colour=red", "q=%00"]
)
def test_a_bad_filter_is_refused(client: FlaskClient, fleet: Fleet, query: str) -> None:
    assert client.get(f"/api/devices?{query}", headers=fleet.headers()).status_code == 422


def test_an_unknown_group_is_not_found(client: FlaskClient, fleet: Fleet) -> None:
    assert client.get("/api/devices?group_id=77", headers=fleet.headers()).status_code == 404


def test_the_status_tells_what_is_wanted_and_why_it_is_not_so(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    version = factories.config_version(session, fleet.device, 7)
    state = fleet.device.state
    state.desired_config, state.desired_at, state.config_version = version, NOW, 6
    state.status, state.last_seen_at = DeviceStatus.DEGRADED, NOW
    pull = {"desired_version": 7, "reason": "refused: no picture"}
    snapshot = {"sequence": 9, "captured_at": "2026-03-04T05:06:00Z", "age_seconds": 3.0, "config_version": 6}
    state.report = {"status": {"pull": pull, "snapshot": snapshot}, "stream": {"status": "streaming"}, "metrics": None}
    session.commit()
    shown = client.get(f"/api/devices/{fleet.device.id}/status", headers=fleet.headers(Role.VIEWER)).get_json()
    assert shown["config"] == {
        "reported": 6,
        "reported_is_known": False,
        "desired": 7,
        "desired_since": "2026-03-04T05:06:07.000Z",
        "desired_expires_at": None,
        "in_force": False,
        "refusal": "refused: no picture",
    }
    assert shown["picture"]["fresh"] is True
    assert shown["reasons"] == ["runs configuration 6, 7 is wanted since 2026-03-04 05:06 UTC: refused: no picture"]
    assert shown["report"]["stream"] == {"status": "streaming"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.OPERATOR])
def test_only_who_manages_devices_changes_them(
    client: FlaskClient, fleet: Fleet, new: dict[str, Any], role: Role
) -> None:
    path = f"/api/devices/{fleet.device.id}"
    headers = fleet.headers(role, If_Match='"1"')
    assert client.post("/api/devices", json=new, headers=headers).status_code == 403
    assert client.put(path, json={"ring": "x"}, headers=headers).status_code == 403
    assert client.delete(path, headers=headers).status_code == 403


def test_a_platform_administrator_says_for_which_tenant(client: FlaskClient, fleet: Fleet, new: dict[str, Any]) -> None:
    headers = factories.headers(fleet.users[Role.PLATFORM_ADMIN])
    assert client.post("/api/devices", json=new, headers=headers).status_code == 422
    made = client.post("/api/devices", json=new, headers=headers | {"X-Tenant": "bluewave"})
    assert (made.status_code, made.get_json()["tenant_id"]) == (201, fleet.tenant.id)
