"""The runs that carry a wave to its devices. The Pis fetch it by themselves too; whoever comes second finds it done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice, Device
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments.record import by_itself, name
from control_ui.services.runs.requests import RunRequest, request

CONFIGURE = "configure"
ROLLBACK = "rollback"


def reachable(device: Device) -> bool:
    """Whether SSH can get there at all; the others fetch what they are to have."""
    return bool(device.address and device.ssh_host_keys)


def push(
    session: ScopedSession,
    deployment: Deployment,
    given: Mapping[int, int | None],
    now: datetime,
) -> dict[int, int]:
    """Ask for the runs that give devices their configurations (ids to ids); where there is none, the Pi is told to go
    back by itself. Gives the run of each device. Does not commit.

    Of a rollback there is one run for each run that it undoes, and it says so.
    """
    undone = _undone_runs(session, deployment, list(given))
    parts: dict[tuple[int | None, bool], list[int]] = defaultdict(list)
    for device_id, version_id in given.items():
        parts[undone.get(device_id), version_id is None].append(device_id)
    runs: dict[int, int] = {}
    for (undone_run_id, own), device_ids in parts.items():
        versions = {device_id: version_id for device_id in device_ids if (version_id := given[device_id]) is not None}
        run_id = _ask(session, deployment, device_ids, versions, undone_run_id, own=own, now=now)
        runs |= dict.fromkeys(device_ids, run_id)
    return runs


def _ask(
    session: ScopedSession,
    deployment: Deployment,
    device_ids: Sequence[int],
    versions: dict[int, int],
    undone_run_id: int | None,
    *,
    own: bool,
    now: datetime,
) -> int:
    why = f"{name(deployment)}, wave {deployment.current_wave}: {deployment.reason}".removesuffix(": ")
    wanted = RunRequest(
        playbook=ROLLBACK if own else CONFIGURE,
        target={"device_ids": list(device_ids)},
        variables={"rollback_scope": "config", "rollback_reason": name(deployment)} if own else {},
        reason=why,
        requested_by=deployment.requested_by,
        requested_by_id=deployment.requested_by_id,
        deployment_id=deployment.id,
        rollback_of_id=undone_run_id,
        config_versions=versions or None,
    )
    return request(session, by_itself(deployment), wanted, now, commit=False).id


def _undone_runs(session: ScopedSession, deployment: Deployment, device_ids: Sequence[int]) -> dict[int, int]:
    """By device, the run that a rollback undoes."""
    if deployment.rollback_of_id is None:
        point = (deployment.parameters.get("to") or {}).get("run_id")
        return {} if point is None else dict.fromkeys(device_ids, int(point))
    query = sa.select(DeploymentDevice.device_id, DeploymentDevice.run_id).where(
        DeploymentDevice.deployment_id == deployment.rollback_of_id,
        DeploymentDevice.device_id.in_(device_ids),
        DeploymentDevice.run_id.is_not(None),
    )
    return {device_id: run_id for device_id, run_id in session.execute(query) if run_id is not None}
