"""A Pi trades its enrolment token for a device token, once."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import AuditEntry, Device, EnrolmentToken
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import enrolment
from control_ui.services.devices.registration_limit import FAILURES
from tests.control_ui import factories
from tests.control_ui.devices.conftest import TOKEN, Fleet, agent, report
from tests.control_ui.devices.keys import host_key

MADE_BY_THE_PI = "made-by-the-pi"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture
def newcomer(session: ScopedSession, fleet: Fleet) -> Device:
    device = factories.device(session, fleet.tenant, "wash-9", hardware="")
    session.commit()
    return device


@pytest.fixture
def token(session: ScopedSession, fleet: Fleet, newcomer: Device) -> str:
    now, lifetime = datetime.now(UTC), timedelta(hours=1)
    return enrolment.issue(session, fleet.actor(), newcomer, lifetime=lifetime, reason="", now=now)[1]


def application(token: str, **changes: Any) -> dict[str, Any]:
    return {
        "device_id": "wash-9",
        "enrolment_token": token,
        "device_token_sha256": digest(MADE_BY_THE_PI),
        "ssh_host_keys": [host_key("ssh-rsa", 2), host_key()],
        "release": "1.2.3",
        "hardware": "Raspberry Pi 4 Model B Rev 1.5",
    } | changes


def read(session: ScopedSession, device: Device) -> Device:
    query = sa.select(Device).where(Device.id == device.id).execution_options(populate_existing=True)
    found = session.scalars(query).unique().one()
    session.commit()
    return found


def test_a_pi_registers_with_a_token_of_its_own_making(
    client: FlaskClient, session: ScopedSession, newcomer: Device, token: str
) -> None:
    answer = client.post("/api/devices/register", json=application(token))
    assert answer.status_code == 201
    assert answer.get_json() == {"device_id": "wash-9", "id": newcomer.id, "device_token": None}
    found = read(session, newcomer)
    assert found.token_sha256 == digest(MADE_BY_THE_PI)
    assert found.ssh_host_keys == [host_key(), host_key("ssh-rsa", 2)]
    assert (found.state.release, found.hardware) == ("1.2.3", "pi4")
    assert found.registered_at is not None
    sent = report() | {"device_id": "wash-9"}
    assert client.post("/api/agent/checkin", json=sent, headers=agent(MADE_BY_THE_PI)).status_code == 200


def test_the_same_registration_again_is_answered_alike(client: FlaskClient, newcomer: Device, token: str) -> None:
    first, second = (client.post("/api/devices/register", json=application(token)) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.get_json() == second.get_json()


@pytest.mark.usefixtures("newcomer")
def test_without_a_hash_a_token_is_made_here_and_told_once(client: FlaskClient, token: str) -> None:
    plain = {name: value for name, value in application(token).items() if name != "device_token_sha256"}
    answer = client.post("/api/devices/register", json=plain)
    made = answer.get_json()["device_token"]
    assert (answer.status_code, len(made)) == (201, 43)
    sent = report() | {"device_id": "wash-9"}
    assert client.post("/api/agent/checkin", json=sent, headers=agent(made)).status_code == 200
    assert client.post("/api/devices/register", json=plain).status_code == 410


def test_what_is_known_of_the_hardware_stays(
    client: FlaskClient, session: ScopedSession, newcomer: Device, token: str
) -> None:
    session.execute(sa.update(Device).where(Device.id == newcomer.id).values(hardware="pi4_4gb"))
    session.commit()
    client.post("/api/devices/register", json=application(token))
    assert read(session, newcomer).hardware == "pi4_4gb"


def spoil(session: ScopedSession, **values: datetime) -> None:
    session.execute(sa.update(EnrolmentToken).values(values))
    session.commit()


@pytest.mark.parametrize("spoilt", ["used", "expired", "revoked"])
def test_a_token_that_is_spent_is_gone_and_it_is_said_what_to_do(
    client: FlaskClient, session: ScopedSession, newcomer: Device, token: str, spoilt: str
) -> None:
    now = datetime.now(UTC)
    column = {"used": "used_at", "expired": "expires_at", "revoked": "revoked_at"}[spoilt]
    spoil(session, **{column: now - timedelta(seconds=1)})
    answer = client.post("/api/devices/register", json=application(token))
    assert answer.status_code == 410
    assert f"{spoilt} at" in answer.get_json()["detail"]
    assert "have a new one made" in answer.get_json()["detail"]
    assert read(session, newcomer).token_sha256 is None


def test_an_unknown_token_is_refused_and_it_is_said_what_to_do(client: FlaskClient, newcomer: Device) -> None:
    answer = client.post("/api/devices/register", json=application("nobody-knows-it"))
    assert answer.status_code == 401
    assert "enrolment-token" in answer.get_json()["detail"]


def test_the_token_of_another_device_is_refused_without_naming_that_one(
    client: FlaskClient, session: ScopedSession, newcomer: Device, token: str
) -> None:
    answer = client.post("/api/devices/register", json=application(token, device_id="wash-1"))
    assert answer.status_code == 403
    assert "wash-9" not in answer.text
    assert read(session, newcomer).token_sha256 is None


@pytest.mark.usefixtures("newcomer")
def test_a_host_key_that_is_none_is_refused_by_its_place(client: FlaskClient, token: str) -> None:
    keys = [host_key(), "ssh-ed25519 AAAA"]
    answer = client.post("/api/devices/register", json=application(token, ssh_host_keys=keys))
    assert (answer.status_code, answer.get_json()["faults"][0]["path"]) == (422, "$.ssh_host_keys[1]")
    assert client.post("/api/devices/register", json=application(token)).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"device_id": "UPPER"}, {"device_token_sha256": "short"}, {"enrolment_token": ""}, {"colour": "red"},
        {"enrolment_token": "\ud800"}, {"release": "\x00"}, {"hardware": "\x00"}, {"ssh_host_keys": ["x"] * 21},
    ],
)  # fmt: skip
@pytest.mark.usefixtures("newcomer")
def test_a_body_that_makes_no_sense_is_refused_and_costs_no_token(
    client: FlaskClient, token: str, changes: dict[str, Any]
) -> None:
    assert client.post("/api/devices/register", json=application(token, **changes)).status_code == 422
    assert client.post("/api/devices/register", json=application(token)).status_code == 201


def test_the_earlier_device_token_is_taken_until_the_new_one_is_shown(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    now = datetime.now(UTC)
    _, token = enrolment.issue(session, fleet.actor(), fleet.device, lifetime=timedelta(hours=1), reason="", now=now)
    assert client.post("/api/devices/register", json=application(token, device_id="wash-1")).status_code == 201
    for shown, status in ((TOKEN, 200), (MADE_BY_THE_PI, 200), (TOKEN, 401), (MADE_BY_THE_PI, 200)):
        assert client.post("/api/agent/checkin", json=report(), headers=agent(shown)).status_code == status


def test_only_failures_count_against_an_address(client: FlaskClient, newcomer: Device, token: str) -> None:
    for _ in range(FAILURES.amount + 5):
        assert client.post("/api/devices/register", json=application(token)).status_code in (200, 201)
    for _ in range(FAILURES.amount):
        assert client.post("/api/devices/register", json=application("wrong")).status_code == 401
    answer = client.post("/api/devices/register", json=application(token))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    elsewhere = {"REMOTE_ADDR": "192.0.2.77"}
    answer = client.post("/api/devices/register", json=application(token), environ_overrides=elsewhere)
    assert answer.status_code == 200


@pytest.mark.usefixtures("newcomer")
def test_without_redis_a_pi_registers_all_the_same(
    client: FlaskClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(redis.connection.ConnectionPool, "get_connection", away)
    assert client.post("/api/devices/register", json=application("wrong")).status_code == 401
    assert client.post("/api/devices/register", json=application(token)).status_code == 201


def test_a_registration_and_a_refused_one_are_in_the_audit_trail(
    client: FlaskClient, session: ScopedSession, newcomer: Device, token: str
) -> None:
    client.post("/api/devices/register", json=application(token, device_id="wash-1"))
    client.post("/api/devices/register", json=application(token))
    query = sa.select(AuditEntry).where(AuditEntry.action == "device.register").order_by(AuditEntry.id)
    refused, taken = session.scalars(query)
    assert [(entry.outcome, entry.subject_name, entry.tenant_id) for entry in (refused, taken)] == [
        ("refused", "wash-9", newcomer.tenant_id),
        ("ok", "wash-9", newcomer.tenant_id),
    ]
    assert (taken.after or {})["release"] == "1.2.3"
    assert taken.remote_address == "127.0.0.1"


def test_a_new_enrolment_token_takes_the_unused_one_back(
    client: FlaskClient, fleet: Fleet, newcomer: Device, token: str
) -> None:
    path = f"/api/devices/{newcomer.id}/enrolment-token"
    answer = client.post(path, json={"reason": "the first went astray"}, headers=fleet.headers())
    assert answer.status_code == 201
    assert client.post("/api/devices/register", json=application(token)).status_code == 410
    fresh = answer.get_json()["enrolment_token"]
    assert client.post("/api/devices/register", json=application(fresh)).status_code == 201


@pytest.mark.parametrize("lifetime", [59, 30 * 86400 + 1])
def test_an_enrolment_token_lives_a_minute_to_a_month(
    client: FlaskClient, fleet: Fleet, newcomer: Device, lifetime: int
) -> None:
    path = f"/api/devices/{newcomer.id}/enrolment-token"
    assert client.post(path, json={"lifetime_seconds": lifetime}, headers=fleet.headers()).status_code == 422


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.OPERATOR])
def test_only_who_manages_devices_makes_tokens(client: FlaskClient, fleet: Fleet, newcomer: Device, role: Role) -> None:
    for what in ("enrolment-token", "token/rotate", "token/revoke"):
        answer = client.post(f"/api/devices/{newcomer.id}/{what}", json={}, headers=fleet.headers(role))
        assert answer.status_code == 403
