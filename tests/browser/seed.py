"""A control plane with a past: 500 sites of one company, 30 of another, runs, deployments, alerts, and people."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import (
    Alert,
    Device,
    DeviceSample,
    DeviceStatusChange,
    Incident,
    TemplateVersion,
    Tenant,
)
from control_ui.models.alerts import AlertState
from control_ui.models.deployments import DeploymentState
from control_ui.models.devices import DeviceStatus, GroupKind
from control_ui.models.people import Role
from control_ui.models.runs import RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.audit.trail import Subject, record
from tests.browser.deployment_seed import deployed
from tests.browser.healing_seed import treated
from tests.browser.place_seed import placed
from tests.browser.run_seed import ran
from tests.browser.served import serve
from tests.control_ui import factories
from tests.control_ui.people.cast import PASSWORD_HASH

SITES = 500
OTHER_SITES = 30
TASKS = 20
HISTORY = timedelta(days=2)


@dataclass(frozen=True)
class Seeded:
    """Ids of what tests look at. E-mail addresses are `<role>@blue-wave.test`, and `admin@shine.test`."""

    tenant_id: int
    other_tenant_id: int
    device_ids: list[int]
    other_device_ids: list[int]
    template_id: int
    big_run_id: int
    running_run_id: int
    deployment_id: int
    running_deployment_id: int


def seed(session: ScopedSession, now: datetime, *, sites: int = SITES, tasks: int = TASKS) -> Seeded:
    """Fill an empty database. The same for the same arguments, but for `now`."""
    chance = random.Random(7)  # noqa: S311  # a picture of a fleet, not a secret
    tenant, other = factories.tenant(session, "blue-wave"), factories.tenant(session, "shine")
    tenant.name, other.name = "Blue Wave", "Shine"
    for role in Role:
        home = None if role == Role.PLATFORM_ADMIN else tenant
        email = f"{role}@blue-wave.test"
        factories.user(session, home, role, email=email, password_hash=PASSWORD_HASH)
    factories.user(session, other, Role.ADMIN, email="admin@shine.test", password_hash=PASSWORD_HASH)
    devices = [placed(session, tenant, at, sites, now, chance) for at in range(sites)]
    others = [placed(session, other, at, OTHER_SITES, now, chance) for at in range(OTHER_SITES)]
    template = _templates(session, tenant)
    factories.template(session, other, name="Shine standard")
    factories.group(session, tenant, name="West coast", kind=GroupKind.QUERY, label_query="region=west")
    _configurations(session, devices, template)
    _past_of(session, devices[: min(8, sites)], now, chance)
    big = ran(session, devices, "restart", RunState.PARTIAL, now - timedelta(hours=3), tasks)
    running = ran(session, devices[:40], "diagnose", RunState.RUNNING, now - timedelta(minutes=1), 5)
    ran(session, devices[:12], "configure", RunState.SUCCEEDED, now - timedelta(hours=9), 3)
    ran(session, devices[5:9], "update_os", RunState.FAILED, now - timedelta(days=1), 3)
    done = deployed(session, devices[:30], template, DeploymentState.SUCCEEDED, now - timedelta(hours=9))
    under_way = deployed(session, devices[:100], template, DeploymentState.RUNNING, now - timedelta(minutes=4))
    _alerts(session, devices, now)
    treated(session, devices, now)
    serve(session, devices, now, chance)
    session.commit()
    return Seeded(
        tenant.id, other.id, [one.id for one in devices], [one.id for one in others], template.template_id,
        big.id, running.id, done.id, under_way.id,
    )  # fmt: skip


def _templates(session: ScopedSession, tenant: Tenant) -> TemplateVersion:
    """The newest version of the first of two templates."""
    first = factories.template(session, tenant, name="Standard camera", description="What most sites run")
    newest = TemplateVersion(
        tenant_id=tenant.id, template=first.template, number=2,
        body={"rtsp_url": "{{ camera.url }}", "snapshot_interval_seconds": 10, "jpeg_quality": 82},
        overlays={}, content_sha256="2" * 64, created_at=first.created_at, note="Fresher pictures",
    )  # fmt: skip
    session.add(newest)
    first.template.latest_number = 2
    factories.template(
        session, tenant, name="Low bandwidth",
        body={"rtsp_url": "{{ camera.url }}", "snapshot_interval_seconds": 30, "max_width": 960, "jpeg_quality": 70},
    )  # fmt: skip
    session.flush()
    return newest


def _configurations(session: ScopedSession, devices: list[Device], version: TemplateVersion) -> None:
    for device in devices:
        for number in (1, 2):
            shown = {
                "version": number, "device_id": device.name, "rtsp_url": "rtsp://viewer:***@192.0.2.10:554/",
                "snapshot_interval_seconds": 12 if number == 1 else 10, "jpeg_quality": 85 if number == 1 else 82,
            }  # fmt: skip
            row = factories.config_version(session, device, number, shown=shown, template_version_id=version.id)
        device.template_id = version.template_id
        device.state.desired_config_id = row.id
    session.flush()


def _past_of(session: ScopedSession, devices: list[Device], now: datetime, chance: random.Random) -> None:
    step, count = timedelta(minutes=2), int(HISTORY / timedelta(minutes=2))
    rows = [
        {
            "tenant_id": device.tenant_id, "device_id": device.id, "at": now - step * back,
            "cpu_usage_percent": 20 + 10 * chance.random(), "memory_usage_bytes": 400_000_000,
            "memory_total_bytes": 1_000_000_000, "temperature_celsius": 55 + 8 * chance.random(),
            "disk_usage_percent": 34.0, "network_received_bytes": (count - back) * 9_000_000,
            "network_transmitted_bytes": (count - back) * 400_000, "stream_status": "streaming",
            "stream_restarts": (count - back) // 400, "stream_reconnects": (count - back) // 300,
            "snapshot_age_seconds": 3 + 6 * chance.random(), "snapshot_fresh": True,
            "snapshots_published": (count - back) * 12, "config_version": 1,
        }
        for device in devices for back in range(count)
    ]  # fmt: skip
    session.execute(sa.insert(DeviceSample), rows)
    for device in devices:
        session.add(
            DeviceStatusChange(
                tenant_id=device.tenant_id, device_id=device.id, at=now - HISTORY, status=DeviceStatus.ONLINE
            )
        )


def _alerts(session: ScopedSession, devices: list[Device], now: datetime) -> None:
    incident = Incident(
        tenant_id=devices[0].tenant_id, title="Sites of the west are silent", opened_at=now - timedelta(minutes=20)
    )
    session.add(incident)
    session.flush()
    offline = [one for one in devices if one.state.status == DeviceStatus.OFFLINE]
    told = [("SiteOffline", "critical", one, AlertState.FIRING) for one in offline[:5]]
    told += [("SnapshotStale", "warning", one, AlertState.FIRING) for one in devices[11:16]]
    told += [("TemperatureHigh", "warning", one, AlertState.RESOLVED) for one in devices[20:30]]
    for place, (name, severity, device, state) in enumerate(told):
        session.add(
            Alert(
                tenant_id=device.tenant_id, device_id=device.id, fingerprint=f"{place:016x}", name=name,
                incident_id=incident.id if name == "SiteOffline" else None, severity=severity, state=state,
                labels={"alertname": name, "severity": severity, "site": device.name},
                annotations={"summary": f"{name} at {device.site.name}", "runbook_url": f"docs/runbooks/{name}.md"},
                starts_at=now - timedelta(minutes=5 + place), received_at=now - timedelta(minutes=5 + place),
                ends_at=now - timedelta(minutes=2) if state == AlertState.RESOLVED else None,
            )
        )  # fmt: skip
    subject = Subject("tenant", devices[0].tenant_id, "blue-wave")
    record(
        session, system("demo", devices[0].tenant_id), "tenant.create", subject, tenant_id=devices[0].tenant_id, at=now
    )
