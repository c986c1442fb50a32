"""A tenant with a device, and a client that speaks for one of its people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import Base, Device, Tenant, User
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories

Row = TypeVar("Row", bound=Base)


@dataclass
class Office:
    """A person of a tenant at the API."""

    client: FlaskClient
    session: ScopedSession
    tenant: Tenant
    user: User
    device: Device

    def get(self, path: str) -> TestResponse:
        return self.client.get(f"/api{path}", headers=factories.headers(self.user))

    def post(self, path: str, body: dict[str, Any], etag: str | None = None) -> TestResponse:
        return self.client.post(f"/api{path}", json=body, headers=self._headers(etag))

    def put(self, path: str, body: dict[str, Any], etag: str | None) -> TestResponse:
        return self.client.put(f"/api{path}", json=body, headers=self._headers(etag))

    def rows(self, model: type[Row]) -> list[Row]:
        """What is in the database now. Ends the transaction: on SQLite it would keep the API from writing."""
        found = self.session.scalars(sa.select(model).execution_options(populate_existing=True)).unique().all()
        self.session.commit()
        return list(found)

    def etag(self, path: str) -> str:
        return self.get(path).headers["ETag"]

    def _headers(self, etag: str | None) -> dict[str, str]:
        return factories.headers(self.user) | ({} if etag is None else {"If-Match": etag})


@pytest.fixture
def office(app: Flask, session: ScopedSession) -> Office:
    tenant = factories.tenant(session, "bluewave")
    user = factories.user(session, tenant, Role.OPERATOR)
    device = factories.device(session, tenant, "wash-1", camera_host="192.0.2.7")
    session.commit()
    return Office(app.test_client(), session, tenant, user, device)


def faults_of(answer: TestResponse) -> dict[str, str]:
    """Path to message of a refusal."""
    assert answer.status_code == 422, answer.text
    return {fault["path"]: fault["message"] for fault in answer.get_json()["faults"]}
