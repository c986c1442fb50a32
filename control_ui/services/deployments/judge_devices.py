"""Looking at the devices that are being given their configuration, or were off when their turn came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import parameters, record
from control_ui.services.deployments.evidence import Verdict, judge, judge_late, unhealthy
from control_ui.services.deployments.standing import Standing, standings
from control_ui.services.deployments.waves import AWAY
from control_ui.services.deployments.withdraw import unwant

Judge = Callable[[Standing], Verdict | None]
_WITHDRAWN_BY = (DeviceProgress.HELD, DeviceProgress.EXPIRED)
"""Verdicts after which the device is not to have it any more."""


def judge_delivering(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Judge those that are being given it. The deployment must be locked; does not commit."""
    timeout = parameters.of(deployment).wave_timeout
    found = _with_progress(session, deployment, DeviceProgress.DELIVERING)
    with_picture = deployment.template_version_id is not None
    return _settle(
        session, deployment, found, lambda one: judge(one, timeout, now, with_picture=with_picture), "judge", now
    )


def judge_latecomers(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Judge those that were off, or had failed, and whose Pi may have come round: after the deployment's end too."""
    if deployment.state == DeploymentState.PROPOSED:
        return False
    found = _with_progress(session, deployment, DeviceProgress.WAITING, DeviceProgress.FAILED)
    with_picture = deployment.template_version_id is not None

    def late(standing: Standing) -> Verdict | None:
        verdict = judge_late(standing, now, with_picture=with_picture)
        waiting = standing.progress == DeviceProgress.WAITING
        came_round = verdict is not None and verdict.progress == DeviceProgress.APPLIED and standing.number is not None
        return verdict if waiting or came_round else None

    return _settle(session, deployment, found, late, "converge", now)


def look_again(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """At the end of the time between two waves: whether what was fine still is. Who is off now shows nothing."""
    soak = parameters.of(deployment).soak
    passed = deployment.wave_passed_at
    if deployment.state != DeploymentState.RUNNING or passed is None or not soak or now < passed + soak:
        return False
    applied = _with_progress(session, deployment, DeviceProgress.APPLIED, wave=deployment.current_wave)

    def second_look(standing: Standing) -> Verdict | None:
        if standing.status in AWAY or not standing.runs_it:
            return None
        fault = unhealthy(standing)
        detail = f"was fine at first, but {soak.total_seconds():g} s after the wave: {fault}"
        return Verdict(DeviceProgress.FAILED, detail) if fault else None

    return _settle(session, deployment, applied, second_look, "judge", now)


def _with_progress(
    session: ScopedSession, deployment: Deployment, *progress: DeviceProgress, wave: int | None = None
) -> list[Standing]:
    in_wave = [] if wave is None else [DeploymentDevice.wave == wave]
    return standings(
        session, DeploymentDevice.deployment_id == deployment.id, DeploymentDevice.progress.in_(progress), *in_wave
    )


def _settle(
    session: ScopedSession, deployment: Deployment, found: Sequence[Standing], decide: Judge, action: str, now: datetime
) -> bool:
    """Write down what has been decided on, and what has been seen in force for the first time."""
    verdicts = [(one, verdict) for one in found if (verdict := decide(one)) is not None]
    first_seen = [
        {"id": one.row_id, "changed_at": one.last_seen_at}
        for one in found
        if one.runs_it and one.changed_at is None and one.seen_since_offered
    ]
    if first_seen:
        session.execute(sa.update(DeploymentDevice), first_seen)
    if verdicts:
        unwant(session, [one for one, verdict in verdicts if verdict.progress in _WITHDRAWN_BY], now)
        record.write(session, verdicts, now)
        actor = record.by_itself(deployment)
        record.tell(session, actor, deployment, action, now=now, after={"devices": record.told(verdicts)})
    return bool(verdicts or first_seen)
