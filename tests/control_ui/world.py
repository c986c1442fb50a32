"""One of everything in a tenant, each with a marker in its words, for tests that walk the whole API."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from control_ui.models import (
    Alert,
    ApiToken,
    Approval,
    AuditEntry,
    Deployment,
    DeploymentDevice,
    Device,
    DeviceAction,
    DeviceLog,
    DeviceSample,
    DeviceStatusChange,
    EnrolmentToken,
    GroupMember,
    HealingAction,
    HealingCase,
    Incident,
    RollbackPoint,
    RunEvent,
    RunSlice,
    Schedule,
    SignIn,
    Tenant,
    User,
)
from control_ui.models.alerts import AlertState
from control_ui.models.deployments import DeploymentState, DeviceProgress, Strategy
from control_ui.models.devices import DeviceStatus, GroupKind
from control_ui.models.healing import ActionState, CaseState, RuleAction
from control_ui.models.people import Role, SignInKind
from control_ui.models.runs import RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.audit.trail import Subject, record
from tests.control_ui import factories
from tests.control_ui.conftest import NOW


@dataclass(frozen=True)
class World:
    """A tenant's rows. `ids` maps the names of path parameters to values that exist."""

    tenant: Tenant
    users: dict[Role, User]
    ids: dict[str, int | str]


def populate(session: ScopedSession, slug: str, marker: str) -> World:
    """Add a tenant with one row of every kind; `marker` is in every name and message."""
    tenant = factories.tenant(session, slug)
    roles = (Role.VIEWER, Role.OPERATOR, Role.ADMIN, Role.AUDITOR)
    users = {role: factories.user(session, tenant, role, email=f"{role}@{marker}.test") for role in roles}
    site = factories.site(session, tenant, name=f"Site {marker}")
    device = factories.device(
        session, tenant, f"pi-{marker}", site=site, status=DeviceStatus.ONLINE, last_seen_at=NOW, config_version=1
    )
    group = factories.group(session, tenant, name=f"group-{marker}", kind=GroupKind.STATIC)
    session.add(GroupMember(tenant_id=tenant.id, group_id=group.id, device_id=device.id))
    ids: dict[str, int | str] = {
        "tenant_id": tenant.id,
        "user_id": users[Role.VIEWER].id,
        "site_id": site.id,
        "device_id": device.id,
        "group_id": group.id,
        "number": 1,
    }
    ids |= _door(session, tenant, users[Role.ADMIN], device, marker)
    ids |= _configuration(session, tenant, device, marker)
    ids |= _work(session, tenant, users[Role.OPERATOR], device, int(ids["config_version_id"]), marker)
    _telemetry(session, tenant, device, marker)
    ids |= _trail(session, tenant, users[Role.OPERATOR], device, marker)
    session.commit()
    return World(tenant, users, ids)


def _door(session: ScopedSession, tenant: Tenant, user: User, device: Device, marker: str) -> dict[str, int | str]:
    soon = NOW + timedelta(days=3650)
    token = ApiToken(
        tenant_id=tenant.id, user_id=user.id, name=f"token {marker}", token_sha256=_digest(marker, 1),
        scopes=["fleet:read"], created_at=NOW, expires_at=soon,
    )  # fmt: skip
    enrolment = EnrolmentToken(
        tenant_id=tenant.id, device_id=device.id, token_sha256=_digest(marker, 2), created_at=NOW, expires_at=soon
    )
    action = DeviceAction(
        id=f"action-{marker}"[:36], tenant_id=tenant.id, device_id=device.id, kind="diagnose", reason=marker,
        created_at=NOW, expires_at=soon,
    )  # fmt: skip
    sign_in = SignIn(
        tenant_id=tenant.id, user_id=user.id, kind=SignInKind.API, remote_address="192.0.2.1", user_agent=marker,
        started_at=NOW, seen_at=NOW, expires_at=soon,
    )  # fmt: skip
    session.add_all([token, enrolment, action, sign_in])
    session.flush()
    return {"token_id": token.id, "action_id": action.id, "sign_in_id": sign_in.id}


def _configuration(session: ScopedSession, tenant: Tenant, device: Device, marker: str) -> dict[str, int | str]:
    version = factories.template(session, tenant, name=f"template-{marker}")
    made = factories.config_version(session, device, 1, template_version_id=version.id, reason=marker)
    device.state.desired_config_id = made.id
    device.template_id = version.template_id
    session.flush()
    return {
        "template_id": version.template_id,
        "template_version_id": version.id,
        "version_id": version.id,
        "config_version_id": made.id,
    }


def _work(
    session: ScopedSession, tenant: Tenant, user: User, device: Device, config_version_id: int, marker: str
) -> dict[str, int | str]:
    words: dict[str, Any] = {"requested_by": user.email, "requested_by_id": user.id, "reason": marker}
    run = factories.run(session, [device], state=RunState.RUNNING, started_at=NOW, **words)
    part = RunSlice(
        tenant_id=tenant.id, run_id=run.id, number=1, state=SliceState.RUNNING, heartbeat_at=NOW, started_at=NOW
    )
    deployment = Deployment(
        tenant_id=tenant.id, strategy=Strategy.ALL, target={"all": True}, state=DeploymentState.RUNNING,
        requested_at=NOW, **words,
    )  # fmt: skip
    schedule = Schedule(
        tenant_id=tenant.id, name=f"schedule-{marker}", cron="0 3 * * *", timezone="UTC", playbook="diagnose",
        target={"all": True}, created_at=NOW,
    )  # fmt: skip
    proposed = factories.run(session, [device], state=RunState.PROPOSED, diff_sha256="0" * 64, **words)
    session.add_all([part, deployment, schedule])
    session.flush()
    session.add_all(
        [
            RunEvent(
                tenant_id=tenant.id, run_id=run.id, slice_id=part.id, counter=1, at=NOW, kind="runner_on_ok",
                host=device.name, task=marker, stdout=f"ok: {marker}", result={"msg": marker},
            ),
            DeploymentDevice(
                tenant_id=tenant.id, deployment_id=deployment.id, device_id=device.id, wave=0,
                progress=DeviceProgress.PENDING, config_version_id=config_version_id,
            ),
            RollbackPoint(
                tenant_id=tenant.id, run_id=run.id, device_id=device.id, config_version_id=config_version_id,
                config_number=1, release=marker, created_at=NOW,
            ),
            Approval(
                tenant_id=tenant.id, run_id=proposed.id, requested_by_id=user.id, requested_at=NOW,
                expires_at=NOW + timedelta(days=1),
            ),
        ]
    )  # fmt: skip
    return {"run_id": run.id, "slice_id": part.id, "deployment_id": deployment.id, "schedule_id": schedule.id}


def _telemetry(session: ScopedSession, tenant: Tenant, device: Device, marker: str) -> None:
    of_device = {"tenant_id": tenant.id, "device_id": device.id}
    session.add_all(
        [
            DeviceLog(**of_device, entry_id=_digest(marker, 3), at=NOW, priority=6, message=f"line {marker}"),
            DeviceSample(**of_device, at=NOW, cpu_usage_percent=7.0, snapshot_fresh=True),
            DeviceStatusChange(**of_device, at=NOW, status=DeviceStatus.ONLINE, reasons=[marker]),
        ]
    )


def _trail(session: ScopedSession, tenant: Tenant, user: User, device: Device, marker: str) -> dict[str, int | str]:
    alert = Alert(
        tenant_id=tenant.id, device_id=device.id, fingerprint=_digest(marker, 4)[:16], name=f"Alert{marker}",
        severity="critical", state=AlertState.FIRING, labels={"device": device.name}, starts_at=NOW, received_at=NOW,
    )  # fmt: skip
    session.add(alert)
    subject = Subject("device", device.id, device.name)
    entry: AuditEntry = record(
        session, factories.actor(user), "device.update", subject, tenant_id=tenant.id, reason=marker, at=NOW
    )
    incident = Incident(tenant_id=tenant.id, title=f"Incident {marker}", cause=marker, opened_at=NOW)
    session.add(incident)
    session.flush()
    case = HealingCase(
        tenant_id=tenant.id, device_id=device.id, condition="too_hot", cause="too hot", words=marker, since=NOW,
        opened_at=NOW, state=CaseState.ESCALATED, note=marker, incident_id=incident.id,
    )  # fmt: skip
    session.add(case)
    session.flush()
    session.add(
        HealingAction(
            tenant_id=tenant.id, case_id=case.id, device_id=device.id, condition=case.condition, cause=case.cause,
            step=1, action=RuleAction.REBOOT, attempt=1, reason=marker, state=ActionState.FAILED, note=marker,
            started_at=NOW, finished_at=NOW,
        )
    )  # fmt: skip
    session.flush()
    return {"alert_id": alert.id, "entry_id": entry.id, "incident_id": incident.id, "condition": "too_hot", "step": 1}


def _digest(marker: str, number: int) -> str:
    return hashlib.sha256(f"{marker}{number}".encode()).hexdigest()
