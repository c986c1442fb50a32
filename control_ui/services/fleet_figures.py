"""The figures of the whole platform that Prometheus asks for, counted by the database at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import (
    Alert,
    AuditVerification,
    Deployment,
    DeviceState,
    HealingAction,
    HealingSwitch,
    Run,
    Tenant,
)
from control_ui.models.alerts import AlertState
from control_ui.models.runs import RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.alertmanager.standing import standing

SEVERITIES = ("critical", "warning", "info", "none")
OTHER_SEVERITY = "other"
"""Severities come from outside: there may be any number of them."""


@dataclass(frozen=True)
class Figures:
    devices: dict[tuple[str, str], int]
    """By tenant and status."""
    deployments: dict[str, int]
    """By state."""
    runs: dict[str, int]
    """By state."""
    oldest_queued_run_seconds: float
    """0 while none is queued."""
    alerts: dict[str, int]
    """Firing ones, by severity."""
    audit: dict[str, tuple[bool, datetime]]
    """By chain: whether it was whole when it was last verified, and when that was."""
    healing_actions: dict[tuple[str, str], int]
    """Attempts of self-healing that have ended, by action and result."""
    healing_brake: bool
    """Whether attempts that were due were held back in the last round."""
    healing_round_at: datetime | None
    alertmanager_reachable: bool | None = None
    """None where no Alertmanager is asked."""


def read(session: ScopedSession, now: datetime) -> Figures:
    """Needs the scope of all tenants."""
    tenants = sa.select(Tenant.slug, DeviceState.status, sa.func.count(DeviceState.device_id))
    tenants = tenants.join(Tenant, Tenant.id == DeviceState.tenant_id).group_by(Tenant.slug, DeviceState.status)
    queued = sa.select(sa.func.min(sa.func.coalesce(Run.not_before, Run.requested_at)))
    oldest = session.scalars(queued.where(Run.state == RunState.QUEUED)).one()
    switch = session.scalars(sa.select(HealingSwitch)).one()
    alertmanager = standing(session, now)
    return Figures(
        devices={(slug, status.value): count for slug, status, count in session.execute(tenants)},
        deployments=_counted(session, Deployment.state, Deployment.id),
        runs=_counted(session, Run.state, Run.id),
        oldest_queued_run_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        alerts=_severities(session),
        alertmanager_reachable=None if alertmanager is None else alertmanager.reachable,
        audit={row.chain: (row.intact, row.at) for row in session.scalars(sa.select(AuditVerification))},
        healing_actions=_healing(session),
        healing_brake=bool(switch.brake),
        healing_round_at=switch.last_round_at,
    )


def _counted(session: ScopedSession, column: Any, counted: Any) -> dict[str, int]:
    query = sa.select(column, sa.func.count(counted)).group_by(column)
    return {word.value: number for word, number in session.execute(query)}


def _healing(session: ScopedSession) -> dict[tuple[str, str], int]:
    query = sa.select(HealingAction.action, HealingAction.state, sa.func.count(HealingAction.id))
    ended = query.where(HealingAction.finished_at.is_not(None)).group_by(HealingAction.action, HealingAction.state)
    return {(action.value, state.value): count for action, state, count in session.execute(ended)}


def _severities(session: ScopedSession) -> dict[str, int]:
    counts = dict.fromkeys((*SEVERITIES, OTHER_SEVERITY), 0)
    query = sa.select(Alert.severity, sa.func.count(Alert.id)).where(Alert.state == AlertState.FIRING)
    for severity, count in session.execute(query.group_by(Alert.severity)):
        counts[severity if severity in SEVERITIES else OTHER_SEVERITY] += count
    return counts
