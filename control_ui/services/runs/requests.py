"""Asking for a run: checked, written down with a row for each host, and left to the dispatcher or to an approval."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Device, HostResult, Run, Tenant
from control_ui.models.runs import HostProgress, RunState
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.devices import targets
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.permissions import Permission
from control_ui.services.runs import approvals
from control_ui.services.runs.catalogue import Playbook, catalogue
from control_ui.services.runs.revision import revision

DEFAULT_FORKS = 50


@dataclass(frozen=True)
class RunRequest:
    """What is to be run on what. `target` is as services/devices/targets.py takes it; `config_versions` maps ids of
    devices to ids of the configurations they are to be given, where that is not simply the desired one.
    """

    playbook: str
    target: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    check_mode: bool = False
    reason: str = ""
    not_before: datetime | None = None
    forks: int = DEFAULT_FORKS
    requested_by: str = ""
    """Who is shown to have asked; empty: the actor."""
    requested_by_id: int | None = None
    """The person behind it, where the actor is none (a schedule's owner)."""
    schedule_id: int | None = None
    deployment_id: int | None = None
    retry_of_id: int | None = None
    rollback_of_id: int | None = None
    config_versions: dict[int, int] | None = None
    standing_approval: bool = False
    """Whether a rule that people have written approves it beforehand (self-healing): no four eyes for each run."""


def request(session: ScopedSession, actor: Actor, wanted: RunRequest, now: datetime, *, commit: bool = True) -> Run:
    """Write a run down: queued, or proposed with a check-mode run that shows its effect, where the tenant asks for four
    eyes. Raises ForbiddenError, NotFoundError, InvalidError.
    """
    actor.require(Permission.FLEET_OPERATE)
    playbook = catalogue.find(wanted.playbook)
    playbook.check_variables(wanted.variables)
    _check(playbook, wanted)
    devices = targets.resolve(session, wanted.target)
    tenant = _tenant(session, devices)
    versions = wanted.config_versions or {}
    _check_configurations(session, devices, versions)
    run = _add_run(session, actor, wanted, playbook, tenant, now)
    _add_hosts(session, run, devices, versions)
    record(
        session,
        actor,
        "run.request",
        Subject("run", run.id, run.playbook),
        tenant_id=tenant.id,
        reason=wanted.reason,
        after=described(run, devices),
        at=now,
    )
    if run.state == RunState.PROPOSED:
        approvals.open_for(session, run, now)
        _show_effect(session, run, playbook, devices, versions)
    if commit:
        session.commit()
    return run


def described(run: Run, devices: list[Device]) -> dict[str, Any]:
    """A run as the audit trail tells of it."""
    return {
        "playbook": run.playbook,
        "variables": run.variables,
        "check_mode": run.check_mode,
        "target": run.target,
        "hosts": [device.name for device in devices],
        "state": run.state,
        "not_before": None if run.not_before is None else run.not_before.isoformat(),
        "schedule_id": run.schedule_id,
        "deployment_id": run.deployment_id,
        "retry_of_id": run.retry_of_id,
        "rollback_of_id": run.rollback_of_id,
    }


def _check(playbook: Playbook, wanted: RunRequest) -> None:
    if wanted.check_mode and not playbook.supports_check:
        raise InvalidError(
            f"the playbook {playbook.name!r} has no check mode",
            [Fault("$.check_mode", "is not known to this playbook")],
        )


def _tenant(session: ScopedSession, devices: list[Device]) -> Tenant:
    """Whose run it is: the tenant of its devices."""
    owners = {device.tenant_id for device in devices}
    if len(owners) != 1:
        raise InvalidError("a run belongs to one tenant: say which one with its slug in the header X-Tenant")
    return rows.fetch(session, Tenant, owners.pop(), "tenant")


def _check_configurations(session: ScopedSession, devices: list[Device], wanted: dict[int, int]) -> None:
    """Raises InvalidError unless each configuration is one of its device's."""
    found = session.execute(
        sa.select(ConfigVersion.id, ConfigVersion.device_id).where(ConfigVersion.id.in_(wanted.values()))
    )
    owners = dict(found.all())
    names = {device.id: device.name for device in devices}
    faults = [
        Fault(
            f"$.config_versions.{device_id}", "is not a configuration of this device, or the device is not in the run"
        )
        for device_id, version_id in wanted.items()
        if owners.get(version_id) != device_id or device_id not in names
    ]
    if faults:
        raise InvalidError("the configurations do not fit the devices", faults)


def _add_run(
    session: ScopedSession, actor: Actor, wanted: RunRequest, playbook: Playbook, tenant: Tenant, now: datetime
) -> Run:
    mutating = playbook.mutates and not wanted.check_mode
    # What a deployment starts has been approved with the deployment.
    approved = wanted.deployment_id is not None or wanted.standing_approval
    proposed = mutating and tenant.requires_approval and not approved
    run = Run(
        tenant_id=tenant.id,
        playbook=playbook.name,
        variables=wanted.variables,
        target=wanted.target,
        check_mode=wanted.check_mode,
        mutating=mutating,
        forks=wanted.forks,
        state=RunState.PROPOSED if proposed else RunState.QUEUED,
        reason=wanted.reason,
        requested_by_id=wanted.requested_by_id if actor.user_id is None else actor.user_id,
        requested_by=wanted.requested_by or actor.name,
        requested_at=now,
        not_before=wanted.not_before,
        retry_of_id=wanted.retry_of_id,
        rollback_of_id=wanted.rollback_of_id,
        deployment_id=wanted.deployment_id,
        schedule_id=wanted.schedule_id,
    )
    session.add(run)
    session.flush()
    return run


def _add_hosts(session: ScopedSession, run: Run, devices: list[Device], versions: dict[int, int]) -> None:
    run.counts = {"total": len(devices), "pending": len(devices)}
    session.add_all(
        HostResult(
            tenant_id=run.tenant_id,
            run_id=run.id,
            device_id=device.id,
            host=device.name,
            progress=HostProgress.PENDING,
            config_version_id=versions.get(device.id),
        )
        for device in devices
    )
    session.flush()


def _show_effect(
    session: ScopedSession, proposed: Run, playbook: Playbook, devices: list[Device], versions: dict[int, int]
) -> None:
    """Queue the check-mode run whose diff the approval will be bound to."""
    if not playbook.supports_check:
        approvals.fix_without_check(session, proposed, revision(catalogue.repository))
        return
    check = Run(
        tenant_id=proposed.tenant_id,
        playbook=proposed.playbook,
        variables=proposed.variables,
        target=proposed.target,
        check_mode=True,
        mutating=False,
        forks=proposed.forks,
        state=RunState.QUEUED,
        reason=f"shows what run {proposed.id} would change",
        requested_by_id=proposed.requested_by_id,
        requested_by=proposed.requested_by,
        requested_at=proposed.requested_at,
        check_of_id=proposed.id,
    )
    session.add(check)
    session.flush()
    _add_hosts(session, check, devices, versions)
