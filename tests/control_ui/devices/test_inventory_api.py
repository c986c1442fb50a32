"""The dynamic inventory: what a run reads, and what a person may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from control_ui.models import HostResult, RunSlice
from control_ui.models.devices import Environment
from control_ui.models.people import Role
from control_ui.models.runs import SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import want
from control_ui.services.devices.enrolment import sha256
from tests.control_ui import factories
from tests.control_ui.devices.conftest import PASSWORD, Fleet, agent
from tests.control_ui.devices.keys import host_key
from tests.control_ui.devices.test_checkin_statements import statements

RUN_TOKEN = "inventory-token-of-a-slice"


def read(client: FlaskClient, headers: dict[str, str], query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/inventory{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return {device["name"]: device for device in answer.get_json()["devices"]}


@pytest.fixture
def a_slice(session: ScopedSession, fleet: Fleet) -> RunSlice:
    """A running slice on `wash-1`, of a tenant that also has `wash-2`."""
    factories.device(session, fleet.tenant, "wash-2")
    run = factories.run(session, [fleet.device])
    row = RunSlice(
        tenant_id=fleet.tenant.id, run_id=run.id, number=1, state=SliceState.RUNNING,
        inventory_token_sha256=sha256(RUN_TOKEN),
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.execute(sa.update(HostResult).values(slice_id=row.id))
    session.commit()
    return row


def test_a_device_has_the_variables_and_groups_that_files_give_it(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    tenant = factories.tenant(session, "blue-wave")
    site = factories.site(
        session, tenant, name="Akron 01", city="Akron", state="OH", region="mid-west", latitude=41.1, longitude=-81.5
    )
    key = {"name": "till", "sha256": "a" * 64}
    device = factories.device(
        session, tenant, "akron", site=site, hardware="pi4.4gb", environment=Environment.STAGING, api_keys=[key],
        address="198.18.0.10", ssh_port=2222, ssh_host_keys=[host_key()], camera_path="/ch1", camera_password=PASSWORD,
    )  # fmt: skip
    want(session, device, factories.config_version(session, device, 7), expires_at=None, now=datetime.now(UTC))
    admin = factories.user(session, tenant)
    session.commit()
    assert read(client, factories.headers(admin)) == {
        "akron": {
            "name": "akron",
            "variables": {
                "ansible_host": "198.18.0.10",
                "ansible_user": "ops",
                "ansible_port": 2222,
                "site_name": "Akron 01",
                "site_city": "Akron",
                "site_state": "OH",
                "site_latitude": 41.1,
                "site_longitude": -81.5,
                "camera_host": "192.0.2.10",
                "camera_port": 554,
                "camera_path": "/ch1",
                "camera_user": "viewer",
                "camera_password": PASSWORD,
                "pi_service_api_keys": [key],
                "pi_service_config": {"device_id": "akron", "rtsp_url": f"rtsp://viewer:{PASSWORD}@192.0.2.10/"},
                "pi_service_config_version": 7,
            },
            "groups": [
                "pis", "tenant_blue_wave", "region_mid_west", "ring_main", "hardware_pi4_4gb", "env_staging",
            ],
            "ssh_host_keys": [host_key()],
        }
    }  # fmt: skip


def test_a_run_reads_its_own_devices_while_it_runs(
    client: FlaskClient, session: ScopedSession, a_slice: RunSlice
) -> None:
    found = read(client, agent(RUN_TOKEN))
    assert list(found) == ["wash-1"]
    assert found["wash-1"]["variables"]["camera_password"] == PASSWORD
    a_slice.state = SliceState.FINISHED
    session.commit()
    answer = client.get("/api/inventory", headers=agent(RUN_TOKEN))
    assert (answer.status_code, "ends with the run" in answer.get_json()["detail"]) == (401, True)


def test_the_configuration_is_the_wanted_else_the_one_in_force_and_never_one_that_was_superseded(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, a_slice: RunSlice
) -> None:
    def version() -> int | None:
        session.commit()
        number: int | None = read(client, agent(RUN_TOKEN))["wash-1"]["variables"].get("pi_service_config_version")
        return number

    device, now = fleet.device, datetime.now(UTC)
    assert version() is None
    six, seven, eight = (factories.config_version(session, device, number) for number in (6, 7, 8))
    device.state.config_version = 6
    assert version() == 6
    want(session, device, eight, expires_at=now - timedelta(seconds=1), now=now)
    assert version() == 6
    want(session, device, seven, expires_at=None, now=now, replace=True)
    assert version() == 7
    session.execute(sa.update(HostResult).values(config_version_id=six.id))
    assert version() == 7
    answer = read(client, agent(RUN_TOKEN))["wash-1"]["variables"]["pi_service_config"]
    assert "version" not in answer


@pytest.mark.usefixtures("a_slice")
def test_who_may_not_manage_devices_reads_no_password_and_nothing_that_holds_one(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    want(session, fleet.device, factories.config_version(session, fleet.device), expires_at=None, now=datetime.now(UTC))
    session.commit()
    answer = client.get("/api/inventory", headers=fleet.headers(Role.OPERATOR))
    assert answer.status_code == 200
    assert PASSWORD not in answer.text
    assert "pi_service_config" not in answer.get_json()["devices"][0]["variables"]
    for role in (Role.VIEWER, Role.AUDITOR):
        assert client.get("/api/inventory", headers=fleet.headers(role)).status_code == 403


def test_a_device_that_cannot_be_reached_from_outside_has_no_address(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    factories.device(session, fleet.tenant, "inside", address="", camera_user="", camera_password=None)
    session.commit()
    variables = read(client, fleet.headers())["inside"]["variables"]
    assert "ansible_host" not in variables
    assert "camera_password" not in variables


def test_a_platform_administrator_says_for_which_tenant(client: FlaskClient, fleet: Fleet) -> None:
    headers = factories.headers(fleet.users[Role.PLATFORM_ADMIN])
    assert client.get("/api/inventory", headers=headers).status_code == 422
    assert list(read(client, headers | {"X-Tenant": "bluewave"})) == ["wash-1"]


@pytest.mark.parametrize("headers", [{}, agent("wrong"), agent("")])
def test_who_shows_nothing_valid_reads_nothing(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get("/api/inventory", headers=headers).status_code == 401


def test_pages_follow_by_address_and_cost_the_same_however_many_devices_there_are(
    app: Flask, client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    for number in range(2, 30):
        device = factories.device(session, fleet.tenant, f"wash-{number:02}", config_version=1)
        factories.config_version(session, device)
    session.commit()
    names: list[str] = []
    path: str | None = "/api/inventory?limit=10"
    while path is not None:
        with statements(app) as found:
            page = client.get(path, headers=fleet.headers()).get_json()
        assert len(found) <= 8
        names += [device["name"] for device in page["devices"]]
        path = page["next"]
    assert names == sorted(names)
    assert len(names) == 29
