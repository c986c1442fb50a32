"""Reads what decisions are made of: a handful of statements, however large the fleet is, and only those devices that
are not well, have an open case, or are being treated."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import (
    ConfigVersion,
    Deployment,
    DeploymentDevice,
    Device,
    DeviceState,
    DeviceStatusChange,
    HealingAction,
    HealingCase,
    Incident,
    Site,
    Tenant,
)
from control_ui.models.deployments import FINAL_DEPLOYMENT_STATES, DeviceProgress
from control_ui.models.devices import DeviceStatus
from control_ui.models.healing import ActionState, CaseState
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import wanted
from control_ui.services.devices.loading import LEAN
from control_ui.services.devices.status import Standing
from control_ui.services.healing.blocks import blocks
from control_ui.services.healing.conditions import Past, findings
from control_ui.services.healing.plain import Attempt, Case, Patient, Sizes

FLAPPING_WITHIN = timedelta(hours=1)
FLAPPING_CHANGES = 10
"""More than so many changes of status in an hour are no restarts any more."""
FAILED_WITHIN = timedelta(days=1)
LONGEST_WINDOW = timedelta(days=7)


def patients(session: ScopedSession, now: datetime) -> dict[int, Patient]:
    """By id, every device that may have something to be done about."""
    changes = _changes(session, now)
    open_case = sa.select(HealingCase.device_id).where(HealingCase.state != CaseState.CLOSED)
    treated = sa.select(HealingAction.device_id).where(HealingAction.state == ActionState.RUNNING)
    unwell = sa.or_(
        DeviceState.status.in_([DeviceStatus.DEGRADED, DeviceStatus.OFFLINE]),
        Device.id.in_(open_case),
        Device.id.in_(treated),
        Device.id.in_(list(changes)),
    )
    query = sa.select(Device).join(Device.state).where(unwell).order_by(Device.id).options(*LEAN)
    devices = list(session.scalars(query.execution_options(populate_existing=True)).unique())
    ids = [device.id for device in devices]
    careful = set(session.scalars(sa.select(Tenant.id).where(Tenant.requires_approval)))
    failed, blocked = _failed_deployments(session, ids, now), blocks(session, devices, now)
    return {
        device.id: _patient(
            device, Past(changes.get(device.id, 0), failed.get(device.id, "")), careful, blocked.get(device.id), now
        )
        for device in devices
    }


def _patient(device: Device, past: Past, careful: set[int], block: Any, now: datetime) -> Patient:
    state = device.state
    standing = Standing.of(state, wanted(state, now))
    return Patient(
        device_id=device.id,
        tenant_id=device.tenant_id,
        name=device.name,
        region=device.site.region,
        findings=tuple(findings(state.status, state.last_seen_at, standing, past, now)),
        heard=state.status in (DeviceStatus.ONLINE, DeviceStatus.DEGRADED),
        last_seen_at=state.last_seen_at,
        ssh=bool(device.address and device.ssh_host_keys),
        mailbox=device.token_sha256 is not None and state.status != DeviceStatus.OFFLINE,
        four_eyes=device.tenant_id in careful,
        block=block,
    )


def cases(session: ScopedSession) -> list[Case]:
    """Those that are not over. `incident_id` only while the incident lasts."""
    query = (
        sa.select(HealingCase, Incident.closed_at)
        .outerjoin(Incident, Incident.id == HealingCase.incident_id)
        .where(HealingCase.state != CaseState.CLOSED)
        .execution_options(populate_existing=True)
    )
    return [
        Case(
            row.id, row.device_id, row.tenant_id, row.condition, row.cause, row.since, row.state,
            row.incident_id if row.incident_id is not None and closed_at is None else None,
        )
        for row, closed_at in session.execute(query)
    ]  # fmt: skip


def attempts(session: ScopedSession, device_ids: Iterable[int], now: datetime) -> dict[int, list[Attempt]]:
    """By device, what was tried within the longest window a rule can have, and whatever is under way."""
    recent = sa.or_(HealingAction.started_at > now - LONGEST_WINDOW, HealingAction.state == ActionState.RUNNING)
    query = sa.select(HealingAction).where(HealingAction.device_id.in_(list(device_ids)), recent)
    found: dict[int, list[Attempt]] = defaultdict(list)
    for row in session.scalars(query.execution_options(populate_existing=True)):
        found[row.device_id].append(
            Attempt(
                row.id, row.case_id, row.device_id, row.condition, row.step, row.state, row.started_at,
                row.finished_at, row.run_id is not None,
            )
        )  # fmt: skip
    return found


def running(session: ScopedSession) -> int:
    """How many attempts are under way, anywhere."""
    query = sa.select(sa.func.count(HealingAction.id)).where(HealingAction.state == ActionState.RUNNING)
    return session.scalars(query).one()


def sizes(session: ScopedSession) -> Sizes:
    """Of the devices that have ever checked in."""
    query = (
        sa.select(Device.tenant_id, Site.region, sa.func.count(Device.id))
        .join(Site, Site.id == Device.site_id)
        .join(DeviceState, DeviceState.device_id == Device.id)
        .where(DeviceState.status != DeviceStatus.NEVER_SEEN)
        .group_by(Device.tenant_id, Site.region)
    )
    tenants: dict[int, int] = defaultdict(int)
    regions: dict[tuple[int | None, str], int] = defaultdict(int)
    fleet = 0
    for tenant_id, region, count in session.execute(query):
        fleet += count
        tenants[tenant_id] += count
        regions[(tenant_id, region)] += count
        regions[(None, region)] += count
    return Sizes(fleet, dict(tenants), dict(regions))


def _changes(session: ScopedSession, now: datetime) -> dict[int, int]:
    """How often the status of a device has changed in the last hour, of those that flap."""
    change = DeviceStatusChange
    recent = change.at > now - FLAPPING_WITHIN
    many = sa.select(change.device_id).where(recent).group_by(change.device_id)
    many = many.having(sa.func.count(change.id) > FLAPPING_CHANGES)
    query = sa.select(change.device_id, change.status).where(recent, change.device_id.in_(many))
    statuses: dict[int, list[DeviceStatus]] = defaultdict(list)
    for device_id, status in session.execute(query.order_by(change.device_id, change.at, change.id)):
        statuses[device_id].append(status)
    counted = {device_id: _turns(found) for device_id, found in statuses.items()}
    return {device_id: count for device_id, count in counted.items() if count > FLAPPING_CHANGES}


def _turns(statuses: Sequence[DeviceStatus]) -> int:
    """A change of reasons alone is none."""
    return sum(one != other for one, other in itertools.pairwise(statuses))


def _failed_deployments(session: ScopedSession, device_ids: list[int], now: datetime) -> dict[int, str]:
    """By device, the deployment that failed there in the last day, is over, and is in force all the same."""
    one = DeploymentDevice
    query = (
        sa.select(one.device_id, Deployment.id, one.detail)
        .join(Deployment, Deployment.id == one.deployment_id)
        .join(ConfigVersion, ConfigVersion.id == one.config_version_id)
        .join(DeviceState, DeviceState.device_id == one.device_id)
        .where(
            one.device_id.in_(device_ids),
            one.progress == DeviceProgress.FAILED,
            one.settled_at > now - FAILED_WITHIN,
            Deployment.state.in_(FINAL_DEPLOYMENT_STATES),
            DeviceState.config_version == ConfigVersion.number,
        )
        .order_by(Deployment.id)
    )
    return {
        device_id: f"deployment {deployment_id} failed here and its configuration is in force: {detail}".removesuffix(
            ": "
        )
        for device_id, deployment_id, detail in session.execute(query)
    }
