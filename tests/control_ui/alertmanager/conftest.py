"""A real Alertmanager, and the worker's duty that follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from control_ui.jobs.alertmanager import Sync
from control_ui.jobs.context import JobContext, make_context
from control_ui.models import Alert, Device, Tenant
from control_ui.models.alerts import AlertState
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services.actor import Actor
from control_ui.services.alerts.acknowledge import acknowledge
from control_ui.settings import Settings
from tests.control_ui import factories
from tests.monitoring.alertmanager_process import AlertmanagerProcess

CONFIGURATION = """
route:
  receiver: nobody
  routes:
    - matchers: [severity="critical"]
      receiver: escalation-after-900s-platform
      continue: true
    - receiver: nobody
inhibit_rules:
  - source_matchers: [alertname="WideOutage"]
    target_matchers: [device!=""]
    equal: [tenant]
receivers:
  - name: nobody
  - name: escalation-after-900s-platform
"""


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[AlertmanagerProcess]:
    configuration = tmp_path / "alertmanager.yml"
    configuration.write_text(CONFIGURATION)
    process = AlertmanagerProcess(configuration, tmp_path / "alertmanager")
    yield process
    process.kill()


@dataclass
class Plane:
    """A control plane's worker: `tick` is what its clock does every two seconds."""

    here: JobContext
    sessions: SessionFactory
    tenant: Tenant
    actor: Actor
    headers: dict[str, str]
    """With which its platform administrator calls the API."""
    device: Device
    sync: Sync

    @property
    def offline(self) -> dict[str, str]:
        return {
            "alertname": "DeviceOffline", "severity": "critical", "tenant": self.tenant.slug,
            "device": self.device.name, "site": "Bench",
        }  # fmt: skip

    def tick(self) -> None:
        self.sync(self.here, datetime.now(UTC))

    def restart(self) -> None:
        self.sync = Sync()

    def session(self) -> ScopedSession:
        return open_session(self.sessions, ALL_TENANTS)

    def alerts(self) -> list[Alert]:
        with self.session() as session:
            return list(session.scalars(sa.select(Alert).order_by(Alert.id)))

    def acknowledge(self, name: str) -> None:
        ids = [alert.id for alert in self.alerts() if alert.name == name and alert.state == AlertState.FIRING]
        with self.session() as session:
            acknowledge(session, self.actor, ids, comment="On my way", now=datetime.now(UTC))

    def only(self) -> Alert:
        [alert] = self.alerts()
        return alert


@pytest.fixture
def plane(settings: Settings, sessions: SessionFactory, alertmanager: AlertmanagerProcess) -> Iterator[Plane]:
    here = make_context(replace(settings, alertmanager_url=alertmanager.url))
    with open_session(sessions, ALL_TENANTS) as session:
        tenant = factories.tenant(session, "bluewave")
        admin = factories.user(session, None, Role.PLATFORM_ADMIN)
        device = factories.device(session, tenant)
        session.commit()
    yield Plane(here, sessions, tenant, factories.actor(admin), factories.headers(admin), device, Sync())
    here.close()
