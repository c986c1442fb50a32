"""A fleet whose devices fall ill, and rounds of self-healing on it, without a clock and without Ansible."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from control_ui.models import AuditEntry, Device, DeviceState, HealingAction, HealingCase, Run, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import HostOutcome
from control_ui.models.scope import ScopedSession
from control_ui.services.healing import rounds
from control_ui.services.healing.plain import Limits
from control_ui.services.runs.catalogue import catalogue
from control_ui.settings import REPOSITORY
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPf0WYGO5tRRmDyKCXfaXcCXcIlmPnHP0sOAzHGfSPPq"
WELL: dict[str, Any] = {
    "status": {"snapshot": {"age_seconds": 3.0, "sequence": 9}, "conditions": []},
    "stream": {"status": "streaming"},
    "metrics": {},
}


def no_picture(status: str = "disconnected", error: str | None = "refused") -> dict[str, Any]:
    """A report of a Pi without a fresh picture."""
    stream = {"status": status, "last_error": {"reason": error} if error else None}
    return {"status": {"snapshot": {"age_seconds": 500.0}, "conditions": []}, "stream": stream, "metrics": {}}


def stuck() -> dict[str, Any]:
    """A report of a Pi whose stream service does not report."""
    return no_picture() | {"stream": {"status": "streaming", "quiet": True}}


def told(name: str) -> dict[str, Any]:
    """A report in which the agent tells of a condition."""
    return WELL | {"status": WELL["status"] | {"conditions": [{"name": name, "detail": "42"}]}}


@dataclass
class Ward:
    """Devices of tenants, at a time that only moves by hand."""

    session: ScopedSession
    now: datetime = NOW
    limits: Limits = field(default_factory=Limits)

    def tenant(self, **values: Any) -> Tenant:
        return factories.tenant(self.session, **values)

    def device(self, tenant: Tenant, name: str = "", **values: Any) -> Device:
        """One that is well."""
        defaults: dict[str, Any] = {
            "ssh_host_keys": [KEY], "token_sha256": secrets.token_hex(32),
            "status": DeviceStatus.ONLINE, "last_seen_at": self.now, "report": WELL,
        }  # fmt: skip
        region = values.pop("region", "west")
        name = name or f"pi-{len(self.devices()) + 1:03}"
        site = factories.site(self.session, tenant, name=f"Site of {name} of {tenant.slug}", region=region)
        device = factories.device(self.session, tenant, name, **defaults | {"site": site} | values)
        self.session.commit()
        return device

    def devices(self) -> list[Device]:
        return list(self.session.scalars(sa.select(Device)).unique())

    def checks_in(self, device: Device, report: dict[str, Any] = WELL, runs: int | None = None) -> None:
        """Tells this, now; and which configuration it runs, where that has changed."""
        status = DeviceStatus.ONLINE if report == WELL and runs is None else DeviceStatus.DEGRADED
        changed = {} if runs is None else {"config_version": runs}
        self._state(device, status=status, report=report, last_seen_at=self.now, **changed)

    def falls_silent(self, device: Device) -> None:
        self._state(device, status=DeviceStatus.OFFLINE)

    def _state(self, device: Device, **values: Any) -> None:
        change = sa.update(DeviceState).where(DeviceState.device_id == device.id).values(**values)
        self.session.execute(change, execution_options={"synchronize_session": False})
        self.session.commit()

    def later(self, span: timedelta) -> None:
        self.now += span

    def round(self) -> rounds.Done:
        return rounds.round_(self.session, self.limits, self.now)

    def rounds(self, span: timedelta, every: timedelta = 5 * SECOND) -> int:
        """Rounds for so long; gives how many attempts began."""
        until, begun = self.now + span, 0
        while self.now < until:
            begun += self.round().begun
            self.later(every)
        return begun

    def actions(self) -> list[HealingAction]:
        query = sa.select(HealingAction).order_by(HealingAction.id)
        return list(self.session.scalars(query.execution_options(populate_existing=True)))

    def cases(self) -> list[HealingCase]:
        query = sa.select(HealingCase).order_by(HealingCase.id)
        return list(self.session.scalars(query.execution_options(populate_existing=True)))

    def runs(self) -> list[Run]:
        return list(self.session.scalars(sa.select(Run).order_by(Run.id).execution_options(populate_existing=True)))

    def ends(self, run: Run, outcome: HostOutcome = HostOutcome.CHANGED) -> None:
        """A run is carried out, now."""
        hosts = dict.fromkeys(flow.hosts_of(self.session, run), outcome)
        flow.ended(self.session, run, hosts, self.now)
        self.session.commit()

    def audited(self, action: str) -> list[AuditEntry]:
        return list(self.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == action)))


@pytest.fixture
def ward(session: ScopedSession) -> Ward:
    catalogue.load(REPOSITORY)
    return Ward(session)
