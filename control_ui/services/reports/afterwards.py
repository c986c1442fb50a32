"""What people decided about runs, and which later work undid them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Approval, Deployment, DeploymentDevice, HostResult, Run, User
from control_ui.models.runs import Decision
from control_ui.models.scope import ScopedSession

HIDDEN_PERSON = "a platform administrator"
"""Whom a tenant's session does not see."""


@dataclass(frozen=True)
class Decided:
    by: str
    at: datetime


@dataclass(frozen=True)
class Rollback:
    """A run or a deployment that took back what another had done on a device."""

    kind: str
    """`run`, `deployment`, or `same deployment` where it took back itself what it had done."""
    id: int
    by: str
    at: datetime | None
    state: str


@dataclass(frozen=True)
class Afterwards:
    """Of a batch of runs."""

    _approvals: dict[tuple[str, int], Decided]
    _by_run: dict[tuple[int, int], list[Rollback]]
    """By run and device."""
    _by_deployment: dict[tuple[int, int], list[Rollback]]
    """By deployment and device."""
    _taken_back: dict[tuple[int, int, int], Rollback]
    """By deployment, device, and the configuration it delivered."""

    @classmethod
    def of(cls, session: ScopedSession, runs: Sequence[Run]) -> Afterwards:
        run_ids = [run.id for run in runs]
        deployment_ids = sorted({run.deployment_id for run in runs if run.deployment_id is not None})
        return cls(
            _approvals(session, run_ids, deployment_ids),
            _later_runs(session, run_ids),
            _later_deployments(session, deployment_ids),
            _own_rollbacks(session, deployment_ids),
        )

    def approval(self, run: Run) -> Decided | None:
        """Of the run, or of the deployment it is part of."""
        of_deployment = self._approvals.get(("deployment", run.deployment_id)) if run.deployment_id else None
        return self._approvals.get(("run", run.id)) or of_deployment

    def rollbacks(self, run: Run, result: HostResult) -> list[Rollback]:
        """What undid this run on this device, the earliest first."""
        found = list(self._by_run.get((run.id, result.device_id), []))
        if run.deployment_id is None:
            return found
        found += self._by_deployment.get((run.deployment_id, result.device_id), [])
        own = self._taken_back.get((run.deployment_id, result.device_id, result.config_version_id or 0))
        return [*found, own] if own is not None else found


def _approvals(session: ScopedSession, runs: list[int], deployments: list[int]) -> dict[tuple[str, int], Decided]:
    query = (
        sa.select(Approval.run_id, Approval.deployment_id, Approval.decided_at, User.email)
        .outerjoin(User, User.id == Approval.decided_by_id)
        .where(
            Approval.decision == Decision.APPROVED,
            sa.or_(Approval.run_id.in_(runs), Approval.deployment_id.in_(deployments)),
        )
        .order_by(Approval.id)
    )
    return {
        ("run", run_id) if run_id is not None else ("deployment", deployment_id or 0): Decided(
            email or HIDDEN_PERSON, decided_at
        )
        for run_id, deployment_id, decided_at, email in session.execute(query)
        if decided_at is not None
    }


def _later_runs(session: ScopedSession, runs: list[int]) -> dict[tuple[int, int], list[Rollback]]:
    query = sa.select(Run, HostResult.device_id).join(HostResult, HostResult.run_id == Run.id)
    return _later("run", session.execute(query.where(Run.rollback_of_id.in_(runs)).order_by(Run.id)))


def _later_deployments(session: ScopedSession, deployments: list[int]) -> dict[tuple[int, int], list[Rollback]]:
    device = DeploymentDevice
    query = sa.select(Deployment, device.device_id).join(device, device.deployment_id == Deployment.id)
    found = session.execute(query.where(Deployment.rollback_of_id.in_(deployments)).order_by(Deployment.id))
    return _later("deployment", found)


def _later(kind: str, found: Iterable[tuple[Run | Deployment, int]]) -> dict[tuple[int, int], list[Rollback]]:
    """By what they took back, and device."""
    rollbacks = defaultdict(list)
    for row, device_id in found:
        rollback = Rollback(kind, row.id, row.requested_by, row.started_at or row.requested_at, str(row.state))
        rollbacks[row.rollback_of_id or 0, device_id].append(rollback)
    return rollbacks


def _own_rollbacks(session: ScopedSession, deployments: list[int]) -> dict[tuple[int, int, int], Rollback]:
    query = (
        sa.select(DeploymentDevice, Deployment.requested_by)
        .join(Deployment, Deployment.id == DeploymentDevice.deployment_id)
        .where(
            DeploymentDevice.deployment_id.in_(deployments),
            DeploymentDevice.config_version_id.is_not(None),
            DeploymentDevice.rollback_config_version_id.is_not(None),
        )
    )
    return {
        (device.deployment_id, device.device_id, device.config_version_id or 0): Rollback(
            "same deployment", device.deployment_id, requested_by, device.settled_at, str(device.progress)
        )
        for device, requested_by in session.execute(query)
    }
