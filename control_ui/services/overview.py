"""The fleet at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import Alert, ConfigTemplate, ConfigVersion, Deployment, DeviceState, Run, TemplateVersion
from control_ui.models.alerts import AlertState
from control_ui.models.deployments import FINAL_DEPLOYMENT_STATES
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.alerts import listing

RECENTLY = timedelta(hours=24)


@dataclass(frozen=True)
class Configured:
    """Devices that are wanted to run a version of a template; `in_force` is how many of them report to do so."""

    template: str | None
    """None for configurations that were made from no template, and for devices of which nothing is wanted."""
    version: int | None
    devices: int
    in_force: int


@dataclass(frozen=True)
class Overview:
    devices: int
    by_status: dict[str, int]
    by_release: dict[str, int]
    """The empty name is for devices that have not said yet."""
    by_configuration: list[Configured]
    runs_of_the_last_day: dict[str, int]
    """By state, of those asked for in the last 24 hours."""
    deployments_active: int
    alerts_by_severity: dict[str, int]
    """Those that are firing."""
    alerts_unacknowledged: int
    """Those that are firing, and neither acknowledged nor silenced."""
    oldest_check_in_at: datetime | None
    """Of the devices that ever checked in, the one not heard of for longest."""


def overview(session: ScopedSession, now: datetime) -> Overview:
    """Of this scope, counted by the database."""
    state = DeviceState
    statuses = _counted(session, state.status, state.device_id)
    firing = Alert.state == AlertState.FIRING
    alerts = _counted(session, Alert.severity, Alert.id, firing)
    active = sa.select(sa.func.count(Deployment.id)).where(Deployment.state.not_in(FINAL_DEPLOYMENT_STATES))
    runs = _counted(session, Run.state, Run.id, Run.requested_at >= now - RECENTLY)
    return Overview(
        devices=sum(statuses.values()),
        by_status={status.value: statuses.get(status.value, 0) for status in DeviceStatus},
        by_release=_counted(session, state.release, state.device_id),
        by_configuration=_configured(session),
        runs_of_the_last_day={word.value: runs.get(word.value, 0) for word in RunState},
        deployments_active=session.scalars(active).one(),
        alerts_by_severity=alerts,
        alerts_unacknowledged=listing.waiting(session, now),
        oldest_check_in_at=session.scalars(sa.select(sa.func.min(state.last_seen_at))).one(),
    )


def _counted(session: ScopedSession, column: Any, counted: Any, *conditions: Any) -> dict[str, int]:
    query = sa.select(column, sa.func.count(counted)).where(*conditions).group_by(column).order_by(column)
    return {str(word): number for word, number in session.execute(query)}


def _configured(session: ScopedSession) -> list[Configured]:
    in_force = sa.case((DeviceState.config_version == ConfigVersion.number, 1), else_=0)
    names = (ConfigTemplate.name, TemplateVersion.number)
    query = (
        sa.select(*names, sa.func.count(DeviceState.device_id), sa.func.coalesce(sa.func.sum(in_force), 0))
        .select_from(DeviceState)
        .outerjoin(ConfigVersion, ConfigVersion.id == DeviceState.desired_config_id)
        .outerjoin(TemplateVersion, TemplateVersion.id == ConfigVersion.template_version_id)
        .outerjoin(ConfigTemplate, ConfigTemplate.id == TemplateVersion.template_id)
        .group_by(*names)
    )
    found = [Configured(name, number, devices, int(done)) for name, number, devices, done in session.execute(query)]
    return sorted(found, key=lambda row: (row.template is None, row.template or "", -(row.version or 0)))
