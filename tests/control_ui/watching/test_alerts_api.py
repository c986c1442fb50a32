"""People see their tenant's alerts, and acknowledge them: all that they name, or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from control_ui.models import Alert, AuditEntry, Device, Tenant, User
from control_ui.models.alerts import AlertState
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.alerts import acknowledge as service
from control_ui.services.errors import ConflictError
from tests.control_ui import factories
from tests.control_ui.conftest import NOW


@dataclass(frozen=True)
class Watch:
    client: FlaskClient
    headers: dict[Role, dict[str, str]]
    tenant: Tenant
    operator: User
    device: Device
    firing: int
    resolved: int
    theirs: int
    platforms: int

    def ids(self, query: str = "", role: Role = Role.VIEWER) -> list[int]:
        answer = self.client.get(f"/api/alerts?{query}", headers=self.headers[role])
        assert answer.status_code == 200, answer.text
        return [alert["id"] for alert in answer.get_json()["items"]]

    def acknowledge(self, *ids: int, role: Role = Role.OPERATOR, **values: Any) -> Any:
        body = {"ids": list(ids), "comment": "On my way"} | values
        return self.client.post("/api/alerts/acknowledge", json=body, headers=self.headers[role])


def add(session: ScopedSession, tenant: Tenant | None, number: int, **values: Any) -> int:
    defaults = {
        "fingerprint": f"{number:016x}", "name": f"Alert{number}", "severity": "critical", "state": AlertState.FIRING,
        "labels": {}, "starts_at": NOW + timedelta(minutes=number), "received_at": NOW,
    }  # fmt: skip
    row = Alert(tenant_id=None if tenant is None else tenant.id, **defaults | values)
    session.add(row)
    session.flush()
    return row.id


@pytest.fixture
def watch(app: Flask, sessions: SessionFactory) -> Watch:
    with open_session(sessions, ALL_TENANTS) as session:
        tenant, other = factories.tenant(session, "ours"), factories.tenant(session, "theirs")
        users = {role: factories.user(session, None if role == Role.PLATFORM_ADMIN else tenant, role) for role in Role}
        device = factories.device(session, tenant)
        firing = add(session, tenant, 1, device_id=device.id)
        resolved = add(session, tenant, 2, state=AlertState.RESOLVED, severity="warning", ends_at=NOW)
        theirs, platforms = add(session, other, 3), add(session, None, 4)
        session.commit()
        headers = {role: factories.headers(user) for role, user in users.items()}
        return Watch(
            app.test_client(), headers, tenant, users[Role.OPERATOR], device, firing, resolved, theirs, platforms
        )


def test_those_that_began_last_come_first_and_filters_narrow_them(watch: Watch) -> None:
    assert watch.ids() == [watch.resolved, watch.firing]
    assert watch.ids("state=firing") == [watch.firing]
    assert watch.ids("severity=warning") == [watch.resolved]
    assert watch.ids(f"device_id={watch.device.id}") == [watch.firing]
    assert watch.ids("acknowledged=true") == []
    assert watch.ids("acknowledged=false&limit=1") == [watch.resolved]
    assert watch.client.get("/api/alerts?state=maybe", headers=watch.headers[Role.VIEWER]).status_code == 422


def test_a_tenant_sees_its_own_and_a_platform_administrator_all(watch: Watch) -> None:
    assert watch.ids(role=Role.PLATFORM_ADMIN) == [watch.platforms, watch.theirs, watch.resolved, watch.firing]


def test_several_are_acknowledged_at_once_and_each_is_recorded(watch: Watch, sessions: SessionFactory) -> None:
    answer = watch.acknowledge(watch.firing, watch.resolved)
    assert answer.status_code == 200
    for alert in answer.get_json()["items"]:
        assert (alert["acknowledged_by"], alert["comment"]) == (watch.operator.email, "On my way")
        assert alert["acknowledged_at"] is not None
    assert watch.ids("acknowledged=true") == [watch.resolved, watch.firing]
    with open_session(sessions, Scope(watch.tenant.id)) as session:
        entries = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.sequence)).all()
        assert [(entry.action, entry.subject_id, entry.reason) for entry in entries] == [
            ("alert.acknowledge", str(watch.firing), "On my way"),
            ("alert.acknowledge", str(watch.resolved), "On my way"),
        ]


def test_one_that_is_not_there_or_not_ours_leaves_all_as_they_were(watch: Watch) -> None:
    for foreign in (watch.theirs, watch.platforms, 99_999):
        answer = watch.acknowledge(watch.firing, foreign)
        assert (answer.status_code, f"there is no alert {foreign}" in answer.get_json()["detail"]) == (404, True)
    assert watch.ids("acknowledged=true") == []


def test_who_comes_second_is_told_who_was_first(watch: Watch) -> None:
    watch.acknowledge(watch.firing)
    answer = watch.acknowledge(watch.firing, watch.resolved, role=Role.ADMIN)
    assert answer.status_code == 409
    assert f"alert {watch.firing}; {watch.firing} by {watch.operator.email}" in answer.get_json()["detail"]
    assert watch.ids("acknowledged=true") == [watch.firing]


def test_of_two_at_the_very_same_moment_one_wins(
    watch: Watch, sessions: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one gets in between reading and writing."""
    if watch.client.application.extensions["carwash"].settings.database_url.startswith("sqlite"):
        return  # there is one writer at a time, and reading takes its place
    check = service._refuse_acknowledged

    def meanwhile(alerts: Any) -> None:
        check(alerts)
        with open_session(sessions, ALL_TENANTS) as other:
            other.execute(sa.update(Alert).where(Alert.id == watch.firing).values(acknowledged_at=NOW))
            other.commit()

    monkeypatch.setattr(service, "_refuse_acknowledged", meanwhile)
    with (
        open_session(sessions, Scope(watch.tenant.id)) as session,
        pytest.raises(ConflictError, match="at this very moment"),
    ):
        service.acknowledge(
            session, factories.actor(watch.operator), [watch.firing, watch.resolved], comment="", now=NOW
        )
    assert watch.ids("acknowledged=true") == [watch.firing]


def test_what_is_asked_wrongly_is_refused(watch: Watch) -> None:
    assert watch.acknowledge().status_code == 422
    assert watch.acknowledge(0).status_code == 422
    assert watch.acknowledge(*range(1, 300)).status_code == 422
    assert watch.acknowledge(watch.firing, comment="x" * 2001).status_code == 422
    assert watch.acknowledge(watch.firing, role=Role.VIEWER).status_code == 403
    assert watch.acknowledge(watch.firing, role=Role.AUDITOR).status_code == 403
    assert watch.acknowledge(watch.firing, watch.firing).status_code == 200


def test_a_long_list_of_unknown_ones_is_cut_short(watch: Watch) -> None:
    detail = watch.acknowledge(*range(90_001, 90_101)).get_json()["detail"]
    assert detail == "there is no alert 90001, 90002, 90003, 90004, 90005 and 95 more"
