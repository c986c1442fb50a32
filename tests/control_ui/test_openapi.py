"""Requests made from the OpenAPI document itself: no 5xx, no undocumented status, no answer unlike its schema."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from control_ui import create_app
from control_ui.models import Device
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, open_session
from control_ui.models.secrets import keyring
from control_ui.settings import Settings
from control_ui.views.api.operation import Operation
from control_ui.views.blueprints import operations
from tests.control_ui import factories
from tests.control_ui.conftest import SECRET_KEY
from tests.control_ui.servers import Postgres, Redis
from tests.control_ui.world import World, populate

EXAMPLES = 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = {f"{operation.method} {operation.path}": operation for operation in operations()}
MACHINE_TOKENS = {"/api/alerts/webhook": "webhook-token-of-the-tests"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def app(
    request: pytest.FixtureRequest, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """One application for the whole walk: what one operation leaves behind, the next must cope with."""
    directory = tmp_path_factory.mktemp("walk")
    url = f"sqlite:///{directory / 'control.db'}"
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), directory / "control.db")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        server.execute("CREATE DATABASE walk TEMPLATE template_carwash STRATEGY file_copy")
        url = server.url("walk")
    app = create_app(_settings(url, redis_server, directory))
    assert app.test_cli_runner().invoke(args=["evidence", "keygen"]).exit_code == 0
    yield app
    app.extensions["carwash"].sessions.kw["bind"].dispose()
    app.extensions["carwash"].redis.close()


def _settings(url: str, redis_server: Redis, directory: Path) -> Settings:
    return Settings.from_environment(
        {
            "DATABASE_URL": url,
            "REDIS_URL": redis_server.url,
            "SECRET_KEY": SECRET_KEY,
            "CARWASH_INSTANCE_DIR": str(directory),
            "CARWASH_ALERT_WEBHOOK_TOKEN": MACHINE_TOKENS["/api/alerts/webhook"],
            "CARWASH_METRICS_TOKEN": "metrics-token-of-the-tests",
        }
    )


@pytest.fixture(scope="module")
def world(app: Flask) -> World:
    state = app.extensions["carwash"]
    keyring.load(state.settings.encryption_keys)
    with open_session(state.sessions, ALL_TENANTS) as session:
        return populate(session, "walked", "walked")


@pytest.fixture(scope="module")
def schema(app: Flask) -> Any:
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


def headers_for(operation: Operation, world: World, device_token: str) -> dict[str, str]:
    """What opens this operation's door."""
    if operation.guard.name == "people":
        return factories.headers(world.users[Role.ADMIN])
    if "deviceToken" in operation.guard.schemes:
        return {"Authorization": f"Bearer {device_token}"}
    token = MACHINE_TOKENS.get(operation.path, "metrics-token-of-the-tests")
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_answers_as_the_document_says(app: Flask, schema: Any, world: World, name: str) -> None:
    operation = OPERATIONS[name]
    headers = headers_for(operation, world, _device_token(app, world))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[operation.path][operation.method].as_strategy(), real=st.booleans())
    def walk(case: Any, real: bool) -> None:
        """With the ids of rows that exist in half of the requests, and whatever the schema admits in the others."""
        if real:
            for parameter in operation.path_parameters:
                case.path_parameters[parameter] = world.ids.get(parameter, "configure")
        case.headers = {key: value for key, value in (case.headers or {}).items() if key != "X-Tenant"}
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    walk()


def _device_token(app: Flask, world: World) -> str:
    """A token that the world's device is known by."""
    token = "device-token-of-the-walk"
    with open_session(app.extensions["carwash"].sessions, ALL_TENANTS) as session:
        device = session.get(Device, world.ids["device_id"])
        if device is not None:
            device.token_sha256 = hashlib.sha256(token.encode()).hexdigest()
            device.registered_at = datetime.now(UTC)
            session.commit()
    return token
