"""One row of everything that has a page, as far as the seed has none: what stands in the addresses of pages."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import redis
import sqlalchemy as sa

from control_ui.models import (
    Alert,
    ApiToken,
    Approval,
    AuditEntry,
    Deployment,
    Device,
    Group,
    GroupMember,
    ReportFile,
    Run,
    Schedule,
    SignIn,
    Silence,
    TemplateVersion,
    Tenant,
    User,
)
from control_ui.models.deployments import DeploymentState
from control_ui.models.people import SignInKind
from control_ui.models.reports import ReportState
from control_ui.models.runs import RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.alerts.runbooks import FOLDER
from control_ui.services.live_logs import watching
from control_ui.services.report_files.requests import path_of
from control_ui.settings import Settings
from tests.browser.deployment_seed import deployed
from tests.browser.seed import Seeded
from tests.browser.site_seed import diagnosed, enrich
from tests.control_ui import factories

MINE = 495
"""The place of a site that no test changes."""
Values = dict[str, Any]


def fill(
    session: ScopedSession, seeded: Seeded, settings: Settings, connection: redis.Redis, person: User, now: datetime
) -> Values:
    """By the names of arguments, and by `endpoint.argument` where a page needs a row of a certain kind. `person` is who
    looks. Commits."""
    device = enrich(session, _reachable(session.get_one(Device, seeded.device_ids[MINE])), now)
    values = _of_the_seed(session, seeded, device) | _of_deployments(session, seeded, now)
    values |= _of_runs(session, device, now) | _of_people(session, person, device, now)
    values["name"] = [runbook.stem for runbook in sorted((settings.repository / FOLDER).glob("*.md"))[:1]]
    values["file_id"] = _report(session, person, settings, now)
    session.commit()
    values["log_id"] = watching.start(session, connection, factories.actor(person), device, now)
    return values


def _reachable(device: Device) -> Device:
    device.token_sha256, device.ssh_host_keys = secrets.token_hex(32), ["ssh-ed25519 AAAA"]
    return device


def _of_the_seed(session: ScopedSession, seeded: Seeded, device: Device) -> Values:
    def first(column: Any, table: Any) -> Any:
        return session.scalars(sa.select(column).where(table.tenant_id == seeded.tenant_id).order_by(table.id)).first()

    return {
        "tenant_id": seeded.other_tenant_id,
        "device_id": device.id,
        "site_id": device.site_id,
        "number": 3,
        "tenant": session.get_one(Tenant, seeded.tenant_id).slug,
        "device": device.name,
        "condition": "offline",
        "step": 1,
        "template_id": seeded.template_id,
        "run_id": seeded.big_run_id,
        "deployment_id": seeded.running_deployment_id,
        "alert_id": first(Alert.id, Alert),
        "incident_id": first(Alert.incident_id, Alert),
        "entry_id": first(AuditEntry.id, AuditEntry),
        "group_id": _group(session, device).id,
        "deployment_device.device_id": seeded.device_ids[0],
        "run_host.device_id": seeded.device_ids[1],
        "run_cancel.run_id": seeded.running_run_id,
    }


def _group(session: ScopedSession, device: Device) -> Group:
    tenant = session.get_one(Tenant, device.tenant_id)
    group = factories.group(session, tenant, name="Two lanes", config_override={"jpeg_quality": 60})
    session.add(GroupMember(tenant_id=tenant.id, group_id=group.id, device_id=device.id))
    return group


def _of_deployments(session: ScopedSession, seeded: Seeded, now: datetime) -> Values:
    version = session.scalars(
        sa.select(TemplateVersion).where(
            TemplateVersion.template_id == seeded.template_id, TemplateVersion.number == 2
        )
    ).one()  # fmt: skip
    devices = [session.get_one(Device, one) for one in seeded.device_ids[MINE - 9 : MINE]]
    proposed = deployed(session, devices, version, DeploymentState.RUNNING, now - timedelta(minutes=9))
    proposed.state, proposed.current_wave = DeploymentState.PROPOSED, 0
    session.add(_asked_for(proposed, now, deployment_id=proposed.id))
    return {"deployment_decide.deployment_id": proposed.id}


def _of_runs(session: ScopedSession, device: Device, now: datetime) -> Values:
    proposed = factories.run(session, [device], state=RunState.PROPOSED, requested_at=now, diff_sha256="d" * 64)
    session.add(_asked_for(proposed, now, run_id=proposed.id))
    return {
        "run_decide.run_id": proposed.id,
        "site_diagnosis.run_id": diagnosed(session, device, now - timedelta(minutes=3)).id,
    }


def _asked_for(row: Run | Deployment, now: datetime, **of: int) -> Approval:
    return Approval(tenant_id=row.tenant_id, requested_at=now, expires_at=now + timedelta(hours=9), **of)


def _of_people(session: ScopedSession, person: User, device: Device, now: datetime) -> Values:
    tomorrow = now + timedelta(days=1)
    schedule = Schedule(
        tenant_id=device.tenant_id, name="Morning look", cron="0 6 * * mon-fri", timezone="America/Chicago",
        playbook="diagnose", target={"all": True}, created_at=now, next_at=tomorrow,
    )  # fmt: skip
    token = ApiToken(
        tenant_id=person.tenant_id, user_id=person.id, name="wall display", token_sha256=secrets.token_hex(32),
        scopes=["fleet:read"], created_at=now, expires_at=tomorrow,
    )  # fmt: skip
    sign_in = SignIn(
        tenant_id=person.tenant_id, user_id=person.id, kind=SignInKind.API, remote_address="192.0.2.1",
        user_agent="another browser", started_at=now, seen_at=now, expires_at=tomorrow,
    )  # fmt: skip
    silence = Silence(
        tenant_id=device.tenant_id, name="NothingLikeIt", comment="a new pump", created_by=person.email,
        created_at=now, ends_at=tomorrow,
    )  # fmt: skip
    colleague = session.scalars(sa.select(User).where(User.email == "viewer@blue-wave.test")).one()
    session.add_all((schedule, token, sign_in, silence))
    session.flush()
    return {"schedule_id": schedule.id, "token_id": token.id, "sign_in_id": sign_in.id,
            "silence_id": silence.id, "user_id": colleague.id}  # fmt: skip


def _report(session: ScopedSession, person: User, settings: Settings, now: datetime) -> int:
    file = ReportFile(
        tenant_id=person.tenant_id, kind="runs", wanted={"from": "2026-01-01", "to": "2026-01-02", "format": "csv"},
        state=ReportState.READY, requested_by_id=person.id, requested_at=now, started_at=now, finished_at=now,
        expires_at=now + timedelta(days=1), file_name="runs.csv", media_type="text/csv", size_bytes=2,
    )  # fmt: skip
    session.add(file)
    session.flush()
    settings.reports_dir.mkdir(parents=True, exist_ok=True)
    path_of(settings.reports_dir, file.id).write_text("a\n")
    return file.id
