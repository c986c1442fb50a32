"""A control plane with a past: 500 sites of one company, 30 of another, runs, deployments, alerts, and people."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import (
    Alert,
    ConfigVersion,
    Degradation,
    Deployment,
    DeploymentDevice,
    Device,
    DeviceSample,
    DeviceStatusChange,
    HealingAction,
    HealingCase,
    HostResult,
    Incident,
    Run,
    RunEvent,
    RunSlice,
    TemplateVersion,
    Tenant,
)
from control_ui.models.alerts import AlertState
from control_ui.models.deployments import DeploymentState, DeviceProgress, Strategy
from control_ui.models.devices import DeviceStatus, GroupKind
from control_ui.models.healing import ActionState, CaseState, RuleAction
from control_ui.models.people import Role
from control_ui.models.runs import HostOutcome, HostProgress, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.audit.trail import Subject, record
from control_ui.services.deployments.parameters import Parameters
from tests.browser.served import serve
from tests.control_ui import factories
from tests.control_ui.people.cast import PASSWORD_HASH

SITES = 500
OTHER_SITES = 30
TASKS = 20
REGIONS = {"midwest": (41.1, -83.5), "south": (33.2, -88.4), "northeast": (42.3, -74.1), "west": (38.2, -119.3)}
STATES = {"midwest": "OH", "south": "MS", "northeast": "NY", "west": "CA"}
ZONES = {
    "midwest": "America/Chicago",
    "south": "America/Chicago",
    "northeast": "America/New_York",
    "west": "America/Los_Angeles",
}
DEGRADED = ["the picture is 48 s old", "the Pi's clock is not synchronised", "the processor is at 81 °C"]
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
    devices = [_device(session, tenant, at, sites, now, chance) for at in range(sites)]
    others = [_device(session, other, at, OTHER_SITES, now, chance) for at in range(OTHER_SITES)]
    template = _templates(session, tenant)
    factories.template(session, other, name="Shine standard")
    factories.group(session, tenant, name="West coast", kind=GroupKind.QUERY, label_query="region=west")
    _configurations(session, devices, template)
    _past_of(session, devices[: min(8, sites)], now, chance)
    big = _run(session, devices, "restart", RunState.PARTIAL, now - timedelta(hours=3), tasks)
    running = _run(session, devices[:40], "diagnose", RunState.RUNNING, now - timedelta(minutes=1), 5)
    _run(session, devices[:12], "configure", RunState.SUCCEEDED, now - timedelta(hours=9), 3)
    _run(session, devices[5:9], "update_os", RunState.FAILED, now - timedelta(days=1), 3)
    done = _deployment(session, devices[:30], template, DeploymentState.SUCCEEDED, now - timedelta(hours=9))
    under_way = _deployment(session, devices[:100], template, DeploymentState.RUNNING, now - timedelta(minutes=4))
    _alerts(session, devices, now)
    _healing(session, devices, now)
    serve(session, devices, now, chance)
    session.commit()
    return Seeded(
        tenant.id, other.id, [one.id for one in devices], [one.id for one in others], template.template_id,
        big.id, running.id, done.id, under_way.id,
    )  # fmt: skip


def _device(session: ScopedSession, tenant: Tenant, at: int, of: int, now: datetime, chance: random.Random) -> Device:
    region = list(REGIONS)[at % len(REGIONS)]
    latitude, longitude = REGIONS[region]
    site = factories.site(
        session, tenant,
        name=f"{tenant.name} {STATES[region]} {at + 1:03}", city=f"Town {at // 7 + 1}", state=STATES[region],
        region=region, timezone=ZONES[region],
        latitude=round(latitude + chance.uniform(-3, 3), 4), longitude=round(longitude + chance.uniform(-3, 3), 4),
    )  # fmt: skip
    status = _status(at, of)
    seen = {
        DeviceStatus.ONLINE: now - timedelta(seconds=chance.randint(1, 9)),
        DeviceStatus.DEGRADED: now - timedelta(seconds=chance.randint(1, 9)),
        DeviceStatus.OFFLINE: now - timedelta(minutes=chance.randint(5, 900)),
        DeviceStatus.NEVER_SEEN: None,
    }[status]
    device = factories.device(
        session, tenant, f"{tenant.slug}-{at + 1:03}",
        site=site, status=status, last_seen_at=seen, config_version=None if seen is None else 1 + at % 2,
        release="" if seen is None else ("1.4.0" if at % 9 else "1.3.2"),
        ring="canary" if at < of // 100 + 1 else ("early" if at % 10 == 0 else "main"),
        hardware="pi4", address=f"127.98.{at // 250}.{at % 250 + 1}",
        labels={"lane": "double" if at % 3 == 0 else "single"},
    )  # fmt: skip
    device.state.status_since = (seen or now) - timedelta(minutes=at % 300)
    device.state.overdue_at = None if seen is None else now + timedelta(days=1)
    if status == DeviceStatus.DEGRADED:
        device.state.status_reasons = [DEGRADED[at % len(DEGRADED)]]
    if status == DeviceStatus.OFFLINE:
        device.state.status_reasons = ["it has not checked in"]
    return device


def _status(at: int, of: int) -> DeviceStatus:
    place = at * 100 // of
    if at % 33 == 32:
        return DeviceStatus.OFFLINE
    if at % 20 == 11:
        return DeviceStatus.DEGRADED
    return DeviceStatus.NEVER_SEEN if place == 99 else DeviceStatus.ONLINE


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


def _run(
    session: ScopedSession, devices: list[Device], playbook: str, state: RunState, at: datetime, tasks: int
) -> Run:
    run = Run(
        tenant_id=devices[0].tenant_id, playbook=playbook, target={"device_ids": [one.id for one in devices]},
        mutating=state != RunState.RUNNING, forks=50, state=state, reason="planned work",
        requested_by="operator@blue-wave.test", requested_at=at, started_at=at + timedelta(seconds=1),
        finished_at=None if state == RunState.RUNNING else at + timedelta(seconds=95), revision="a" * 40,
    )  # fmt: skip
    session.add(run)
    session.flush()
    over = state != RunState.RUNNING
    part = RunSlice(
        tenant_id=run.tenant_id, run_id=run.id, number=1, state=SliceState.FINISHED if over else SliceState.RUNNING,
        worker="worker-1:77", started_at=run.started_at, heartbeat_at=at + timedelta(days=1),
        finished_at=run.finished_at,
    )  # fmt: skip
    session.add(part)
    session.flush()
    results = [_result(run, part, device, place, over) for place, device in enumerate(devices)]
    session.execute(sa.insert(HostResult), results)
    counts: dict[str, int] = {"total": len(devices)}
    for result in results:
        word = str(result["outcome"] or result["progress"])
        counts[word] = counts.get(word, 0) + 1
    run.counts = counts
    _events(session, run, part, devices, tasks)
    return run


def _result(run: Run, part: RunSlice, device: Device, place: int, over: bool) -> dict[str, Any]:
    outcome = HostOutcome.CHANGED if place % 3 else HostOutcome.OK
    if device.state.status in (DeviceStatus.OFFLINE, DeviceStatus.NEVER_SEEN):
        outcome = HostOutcome.UNREACHABLE
    elif place % 50 == 7 and run.state in (RunState.PARTIAL, RunState.FAILED):
        outcome = HostOutcome.FAILED
    done = over or place % 2 == 0
    trouble = {
        HostOutcome.FAILED: "Wait for a fresh picture: none within 30 s",
        HostOutcome.UNREACHABLE: "ssh: no route to host",
    }
    return {
        "tenant_id": run.tenant_id, "run_id": run.id, "slice_id": part.id, "device_id": device.id, "host": device.name,
        "progress": HostProgress.DONE if done else HostProgress.IN_FLIGHT, "outcome": outcome if done else None,
        "counts": {"ok": 18, "changed": 2}, "message": trouble.get(outcome, "") if done else "",
        "diffs": [
            {"task": "Write the configuration", "before_header": "config.json", "after_header": "config.json",
             "before": "snapshot_interval_seconds: 12\n", "after": "snapshot_interval_seconds: 10\n"}
        ] if outcome == HostOutcome.CHANGED else [],
        "started_at": run.started_at, "finished_at": run.finished_at if done else None,
    }  # fmt: skip


def _events(session: ScopedSession, run: Run, part: RunSlice, devices: list[Device], tasks: int) -> None:
    assert run.started_at is not None
    rows: list[dict[str, Any]] = []
    for number in range(tasks):
        task = f"Task number {number + 1} of the playbook"
        for device in [None, *devices]:
            rows.append(
                {
                    "slice_id": part.id, "counter": len(rows) + 1, "tenant_id": run.tenant_id, "run_id": run.id,
                    "at": run.started_at + timedelta(milliseconds=len(rows)),
                    "kind": "runner_on_ok" if device else "playbook_on_task_start",
                    "host": device.name if device else None, "play": "Sites", "task": task,
                    "outcome": "ok" if device else None, "duration_seconds": 0.4 if device else None,
                    "stdout": f"ok: [{device.name}]" if device else f"\nTASK [{task}] ***",
                    "result": {"changed": False} if device else {},
                }
            )  # fmt: skip
    for start in range(0, len(rows), 2000):
        session.execute(sa.insert(RunEvent), rows[start : start + 2000])


def _deployment(
    session: ScopedSession, devices: list[Device], version: TemplateVersion, state: DeploymentState, at: datetime
) -> Deployment:
    over = state != DeploymentState.RUNNING
    row = Deployment(
        tenant_id=version.tenant_id, template_version_id=version.id, strategy=Strategy.WAVES,
        parameters=Parameters().document(), target={"device_ids": [one.id for one in devices]}, state=state,
        current_wave=3 if over else 2, wave_started_at=at, reason="fresher pictures",
        requested_by="operator@blue-wave.test", requested_at=at, started_at=at,
        finished_at=at + timedelta(minutes=6) if over else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    versions = dict(
        session.execute(
            sa.select(ConfigVersion.device_id, ConfigVersion.id).where(
                ConfigVersion.number == 2, ConfigVersion.device_id.in_([one.id for one in devices])
            )
        ).all()
    )
    for place, device in enumerate(devices):
        wave = 1 if place == 0 else (2 if place <= len(devices) // 10 else 3)
        came = over or wave < 2 or (wave == 2 and place % 2 == 0)
        away = device.state.status == DeviceStatus.OFFLINE
        progress = DeviceProgress.DELIVERING if wave == 2 else DeviceProgress.PENDING
        progress = DeviceProgress.WAITING if away else (DeviceProgress.APPLIED if came else progress)
        session.add(
            DeploymentDevice(
                tenant_id=row.tenant_id, deployment_id=row.id, device_id=device.id, wave=wave, progress=progress,
                config_version_id=versions[device.id], offered_at=at if wave <= row.current_wave else None,
                changed_at=at + timedelta(seconds=4) if progress == DeviceProgress.APPLIED else None,
            )
        )  # fmt: skip
    session.flush()
    return row


def _healing(session: ScopedSession, devices: list[Device], now: datetime) -> None:
    """What self-healing did: healed one, tried in vain at another, and calls a person to a third."""
    told = [
        ("stream_not_reporting", "stream service", "the stream service does not report", CaseState.CLOSED),
        ("memory_high", "stream memory", "the stream service uses too much memory: 312 MiB", CaseState.OPEN),
        ("camera_password", "unauthorized", "the camera refuses the password", CaseState.ESCALATED),
    ]
    for device, (condition, cause, words, state) in zip(devices[11:], told, strict=False):
        whose = {"tenant_id": device.tenant_id, "device_id": device.id, "condition": condition, "cause": cause}
        case = HealingCase(
            **whose, words=words, since=now - timedelta(minutes=30), opened_at=now, state=state,
            closed_at=now if state == CaseState.CLOSED else None,
            note="no restart mends this" if state == CaseState.ESCALATED else "the next attempt is in 5 min",
        )  # fmt: skip
        session.add(case)
        session.flush()
        if state == CaseState.ESCALATED:
            continue
        session.add(
            HealingAction(
                **whose, case_id=case.id, step=1, action=RuleAction.RESTART_UNITS, attempt=1, reason=words,
                state=ActionState.HEALED if state == CaseState.CLOSED else ActionState.NOT_HEALED,
                note="it has checked in since", started_at=now - timedelta(minutes=20), finished_at=now,
            )
        )  # fmt: skip
    whose = {"tenant_id": devices[20].tenant_id, "device_id": devices[20].id, "since": now, "seen_at": now}
    words = "its stream restarted 4.0 times an hour in the last 6 hours, 0.1 before"
    session.add(Degradation(**whose, kind="restarts", words=words))


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
