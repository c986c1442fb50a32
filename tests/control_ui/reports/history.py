"""A small history of runs, as the control plane would have recorded it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from control_ui.models import (
    Approval,
    Deployment,
    DeploymentDevice,
    Device,
    HostResult,
    RollbackPoint,
    Run,
    Tenant,
    User,
)
from control_ui.models.deployments import DeploymentState, DeviceProgress, Strategy
from control_ui.models.people import Role
from control_ui.models.runs import Decision, HostOutcome, HostProgress, RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.reports.period import Period
from tests.control_ui import factories

BEGIN = datetime(2026, 3, 4, 12, tzinfo=UTC)
MARCH = Period(datetime(2026, 3, 1, 6, tzinfo=UTC), datetime(2026, 4, 1, 5, tzinfo=UTC), ZoneInfo("America/Chicago"))
DIFF = {
    "task": "Apply the configuration",
    "before_header": "/etc/carwash/config.json",
    "after_header": "/etc/carwash/config.json",
    "before": "interval: 12\nurl: rtsp://viewer:hunter22@192.0.2.1/\n",
    "after": "interval: 10\nurl: rtsp://viewer:hunter22@192.0.2.1/\n",
}


@dataclass(frozen=True)
class History:
    tenant: Tenant
    anna: User
    ben: User
    east: Device
    west: Device
    deployment: Deployment
    rolled_out: Run
    rolled_back: Run


def make(session: ScopedSession, slug: str = "ours") -> History:
    """Anna deploys to two sites, Ben approves; one site takes it, the other is away; later Ben takes it back."""
    tenant = factories.tenant(session, slug, timezone="America/Chicago")
    anna = factories.user(session, tenant, Role.OPERATOR, email=f"anna@{slug}.test")
    ben = factories.user(session, tenant, Role.ADMIN, email=f"ben@{slug}.test")
    east, west = (
        factories.device(session, tenant, f"pi-{name}", site=factories.site(session, tenant, name=f"Site {name}"))
        for name in ("east", "west")
    )
    deployment = Deployment(
        tenant_id=tenant.id, strategy=Strategy.ALL, target={"all": True}, state=DeploymentState.SUCCEEDED,
        reason="Summer", requested_by=anna.email, requested_by_id=anna.id, requested_at=BEGIN,
        started_at=BEGIN + timedelta(minutes=1), finished_at=BEGIN + timedelta(minutes=3),
    )  # fmt: skip
    session.add(deployment)
    session.flush()
    rolled_out = _roll_out(session, deployment, anna, ben, [east, west])
    rolled_back = factories.run(
        session, [east], state=RunState.SUCCEEDED, rollback_of_id=rolled_out.id, requested_by=ben.email,
        requested_at=BEGIN + timedelta(hours=1), started_at=BEGIN + timedelta(hours=1, minutes=1),
        finished_at=BEGIN + timedelta(hours=1, minutes=2), reason="=cmd|'/c calc'!A0",
    )  # fmt: skip
    session.commit()
    return History(tenant, anna, ben, east, west, deployment, rolled_out, rolled_back)


def _roll_out(session: ScopedSession, deployment: Deployment, anna: User, ben: User, devices: list[Device]) -> Run:
    run = factories.run(
        session, devices, state=RunState.SUCCEEDED, deployment_id=deployment.id, requested_by=anna.email,
        requested_at=BEGIN, started_at=BEGIN + timedelta(minutes=1), finished_at=BEGIN + timedelta(minutes=2),
        reason="Summer", revision="0123abc",
    )  # fmt: skip
    session.add(
        Approval(
            tenant_id=run.tenant_id, deployment_id=deployment.id, requested_at=BEGIN, decided_by_id=ben.id,
            decided_at=BEGIN + timedelta(seconds=30), decision=Decision.APPROVED, expires_at=BEGIN + timedelta(days=1),
        )
    )  # fmt: skip
    for device in devices:
        old, new = (factories.config_version(session, device, number) for number in (1, 2))
        result = host_result(session, run, device)
        result.config_version_id, result.progress = new.id, HostProgress.DONE
        result.started_at = BEGIN + timedelta(minutes=1)
        result.finished_at = result.started_at + timedelta(seconds=2.5)
        result.outcome, result.diffs = HostOutcome.CHANGED, [DIFF]
        session.add(
            RollbackPoint(
                tenant_id=run.tenant_id, run_id=run.id, device_id=device.id, config_version_id=old.id,
                config_number=1, release="1.0.0", created_at=BEGIN,
            )
        )  # fmt: skip
        session.add(
            DeploymentDevice(
                tenant_id=run.tenant_id, deployment_id=deployment.id, device_id=device.id, wave=1,
                progress=DeviceProgress.APPLIED, config_version_id=new.id, previous_config_version_id=old.id,
                run_id=run.id,
            )
        )  # fmt: skip
    away = host_result(session, run, devices[1])
    away.outcome, away.diffs, away.message = HostOutcome.UNREACHABLE, [], "No route to password=hunter22"
    session.flush()
    return run


def host_result(session: ScopedSession, run: Run, device: Device) -> HostResult:
    query = sa.select(HostResult).where(HostResult.run_id == run.id, HostResult.device_id == device.id)
    return session.scalars(query).one()
