"""Asking for a deployment: everything is rendered and checked first, so that it is begun whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from control_ui.models import ConfigTemplate, ConfigVersion, Deployment, DeploymentDevice, Device, TemplateVersion
from control_ui.models.deployments import DeviceProgress, Strategy
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.configuration import templates, versions
from control_ui.services.deployments import waves
from control_ui.services.deployments.in_force import in_force
from control_ui.services.deployments.lock import lock_with_rivals
from control_ui.services.deployments.opening import first_state, opened
from control_ui.services.deployments.parameters import Parameters
from control_ui.services.devices import targets
from control_ui.services.errors import ConflictError, Fault, InvalidError


@dataclass(frozen=True)
class DeployRequest:
    """Which version of a template goes to which devices, and how. `version`: None for the latest."""

    target: dict[str, Any]
    strategy: Strategy
    version: int | None = None
    version_b: int | None = None
    """Of the same template, for side b; with `ab` only."""
    parameters: Parameters = field(default_factory=Parameters)
    reason: str = ""


def deploy(
    session: ScopedSession, actor: Actor, template_id: int, wanted: DeployRequest, *, control_url: str, now: datetime
) -> Deployment:
    """Make every device's configuration, and begin; or propose, where the tenant asks for four eyes.

    Raises NotFoundError (template, version), ConflictError (an archived template), InvalidError: with the faults by
    device where a configuration is not valid, and then nothing at all has happened. Commits.
    """
    template = rows.fetch(session, ConfigTemplate, template_id, "template")
    if template.archived_at is not None:
        raise ConflictError(f"the template {template.name} is archived: take it out of the archive first")
    version, version_b = _versions(session, template, wanted)
    devices = targets.resolve(session, wanted.target)
    _check_tenant(template, devices)
    lock_with_rivals(session, [device.id for device in devices])
    deployment = _add(session, actor, version, version_b, wanted, now)
    side_b = _side_b(deployment, devices, wanted)
    made: dict[int, ConfigVersion] = {}
    for part, template_version in ((False, version), (True, version_b)):
        of_side = [device for device in devices if (device.id in side_b) == part]
        if of_side and template_version is not None:
            made |= _made(session, of_side, template_version, actor, wanted.reason, control_url, now)
    _add_devices(session, deployment, devices, made, side_b, _waves(wanted, devices))
    opened(session, actor, deployment, _told(template, version, version_b, wanted, devices, made), now)
    session.commit()
    return deployment


def _versions(
    session: ScopedSession, template: ConfigTemplate, wanted: DeployRequest
) -> tuple[TemplateVersion, TemplateVersion | None]:
    version = templates.version_of(session, template, wanted.version)
    if (wanted.strategy == Strategy.AB) != (wanted.version_b is not None):
        raise InvalidError(
            "two sides need two versions",
            [Fault("$.parameters.version_b", "belongs to the strategy ab, and to no other")],
        )
    if wanted.version_b is None:
        return version, None
    version_b = templates.version_of(session, template, wanted.version_b)
    if version_b.id == version.id:
        fault = Fault("$.parameters.version_b", f"is {version.number}, as on side a: there is nothing to compare")
        raise InvalidError("two sides need two versions", [fault])
    return version, version_b


def _check_tenant(template: ConfigTemplate, devices: Sequence[Device]) -> None:
    if any(device.tenant_id != template.tenant_id for device in devices):
        raise InvalidError(
            "the target names devices of other tenants than the template's: say which tenant is meant, by its slug in"
            " the header X-Tenant",
            [Fault("$.target", "reaches over the template's tenant")],
        )


def _add(
    session: ScopedSession,
    actor: Actor,
    version: TemplateVersion,
    version_b: TemplateVersion | None,
    wanted: DeployRequest,
    now: datetime,
) -> Deployment:
    deployment = Deployment(
        tenant_id=version.tenant_id,
        template_version_id=version.id,
        template_version_b_id=None if version_b is None else version_b.id,
        strategy=wanted.strategy,
        parameters=wanted.parameters.document(),
        target=wanted.target,
        state=first_state(session, actor, version.tenant_id),
        reason=wanted.reason,
        requested_by_id=actor.user_id,
        requested_by=actor.name,
        requested_at=now,
    )
    session.add(deployment)
    session.flush()
    return deployment


def _side_b(deployment: Deployment, devices: Sequence[Device], wanted: DeployRequest) -> set[int]:
    if wanted.strategy != Strategy.AB:
        return set()
    side_b = waves.side_b(devices, deployment.id, wanted.parameters.split_percent)
    if not 0 < len(side_b) < len(devices):
        words = f"leaves one side without a device: {len(side_b)} of {len(devices)} on side b"
        raise InvalidError("both sides need devices", [Fault("$.parameters.split_percent", words)])
    return side_b


def _waves(wanted: DeployRequest, devices: Sequence[Device]) -> dict[int, int]:
    if wanted.strategy == Strategy.WAVES:
        return waves.numbered(devices, wanted.parameters.waves)
    return {device.id: 1 for device in devices}


def _made(
    session: ScopedSession,
    devices: Sequence[Device],
    template_version: TemplateVersion,
    actor: Actor,
    reason: str,
    control_url: str,
    now: datetime,
) -> dict[int, ConfigVersion]:
    made = versions.make_many(
        session, devices, template_version, control_url=control_url, actor=actor, reason=reason, now=now
    )
    return {version.device_id: version for version in made}


def _add_devices(
    session: ScopedSession,
    deployment: Deployment,
    devices: Sequence[Device],
    made: dict[int, ConfigVersion],
    side_b: set[int],
    wave_of: dict[int, int],
) -> None:
    """What is in force and wanted now is noted anew when a wave starts; an approval is bound to how it is now."""
    before = in_force(session, wave_of)
    session.add_all(
        DeploymentDevice(
            tenant_id=deployment.tenant_id,
            deployment_id=deployment.id,
            device_id=device.id,
            wave=wave_of[device.id],
            side="b" if device.id in side_b else "a",
            progress=DeviceProgress.PENDING,
            config_version_id=made[device.id].id,
            previous_config_version_id=before.get(device.id),
            wanted_before_id=device.state.desired_config_id,
        )
        for device in devices
    )


def _told(
    template: ConfigTemplate,
    version: TemplateVersion,
    version_b: TemplateVersion | None,
    wanted: DeployRequest,
    devices: Sequence[Device],
    made: dict[int, ConfigVersion],
) -> dict[str, Any]:
    return {
        "template": template.name,
        "version": version.number,
        "version_b": None if version_b is None else version_b.number,
        "strategy": wanted.strategy,
        "parameters": wanted.parameters.document(),
        "target": wanted.target,
        "devices": {
            device.name: {
                "from": device.state.config_version,
                "to": made[device.id].number,
                "sha256": made[device.id].content_sha256,
            }
            for device in devices
        },
    }
