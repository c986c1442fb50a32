"""The fleet at a glance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from control_ui.models import Alert, Deployment
from control_ui.models.alerts import AlertState
from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.devices import DeviceStatus
from control_ui.models.people import Role
from control_ui.models.runs import RunState
from control_ui.models.scope import ALL_TENANTS, Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.overview import Configured, overview
from tests.control_ui import factories
from tests.control_ui.conftest import NOW


def populate(session: ScopedSession, slug: str) -> int:
    tenant = factories.tenant(session, slug)
    seen: dict[str, Any] = {"last_seen_at": NOW - timedelta(minutes=1)}
    gone: dict[str, Any] = {"status": DeviceStatus.OFFLINE, "last_seen_at": NOW - timedelta(days=2)}
    east = factories.device(session, tenant, status=DeviceStatus.ONLINE, release="1.1.0", config_version=2, **seen)
    west = factories.device(session, tenant, release="1.0.0", config_version=1, **gone)
    north = factories.device(session, tenant, status=DeviceStatus.ONLINE, release="1.1.0", config_version=5, **seen)
    factories.device(session, tenant)
    standard = factories.template(session, tenant, name="standard")
    for device in (east, west):
        made = factories.config_version(session, device, 2, template_version_id=standard.id)
        device.state.desired_config_id = made.id
    north.state.desired_config_id = factories.config_version(session, north, 5).id
    factories.run(session, [east], state=RunState.FAILED, requested_at=NOW - timedelta(hours=23))
    factories.run(session, [east], state=RunState.FAILED, requested_at=NOW - timedelta(hours=25))
    factories.run(session, [east], state=RunState.RUNNING)
    for state in (DeploymentState.RUNNING, DeploymentState.PAUSED, DeploymentState.SUCCEEDED):
        session.add(
            Deployment(
                tenant_id=tenant.id, strategy=Strategy.ALL, target={}, state=state, requested_by="x", requested_at=NOW
            )
        )
    firing, resolved = AlertState.FIRING, AlertState.RESOLVED
    alerts = ((firing, "critical", None), (firing, "critical", NOW), (resolved, "info", None))
    for number, (alert_state, severity, acknowledged) in enumerate(alerts):
        session.add(
            Alert(
                tenant_id=tenant.id, fingerprint=f"{slug}{number}", name="A", severity=severity, state=alert_state,
                labels={}, starts_at=NOW, received_at=NOW, acknowledged_at=acknowledged,
            )
        )  # fmt: skip
    session.commit()
    return tenant.id


def test_everything_is_counted_in_our_own_tenant(session: ScopedSession, sessions: SessionFactory) -> None:
    tenant_id = populate(session, "ours")
    populate(session, "theirs")
    with open_session(sessions, Scope(tenant_id)) as ours:
        found = overview(ours, NOW)
    assert found.devices == 4
    assert found.by_status == {"online": 2, "degraded": 0, "offline": 1, "never seen": 1}
    assert found.by_release == {"": 1, "1.0.0": 1, "1.1.0": 2}
    assert found.by_configuration == [
        Configured("standard", 1, devices=2, in_force=1),
        Configured(None, None, devices=2, in_force=1),
    ]
    assert {state: count for state, count in found.runs_of_the_last_day.items() if count} == {
        "failed": 1,
        "running": 1,
    }
    assert (found.deployments_active, found.alerts_by_severity, found.alerts_unacknowledged) == (
        2, {"critical": 2}, 1,
    )  # fmt: skip
    assert found.oldest_check_in_at == NOW - timedelta(days=2)
    with open_session(sessions, ALL_TENANTS) as everything:
        assert overview(everything, NOW).devices == 8


def test_an_empty_fleet_has_an_overview_too(session: ScopedSession) -> None:
    found = overview(session, NOW)
    assert (found.devices, found.by_configuration, found.oldest_check_in_at) == (0, [], None)
    assert found.by_status["online"] == 0


def test_over_http_it_is_for_everybody_in_the_tenant(app: Flask, session: ScopedSession) -> None:
    tenant_id = populate(session, "ours")
    viewer = factories.user(session, None, Role.VIEWER)
    viewer.tenant_id = tenant_id
    session.commit()
    answer = app.test_client().get("/api/metrics/overview", headers=factories.headers(viewer))
    assert answer.status_code == 200
    document = answer.get_json()
    assert document["by_configuration"][0] == {"template": "standard", "version": 1, "devices": 2, "in_force": 1}
    assert datetime.fromisoformat(document["oldest_check_in_at"]).astimezone(UTC) == NOW - timedelta(days=2)
    assert app.test_client().get("/api/metrics/overview").status_code == 401
