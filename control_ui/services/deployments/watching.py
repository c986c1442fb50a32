"""A deployment as people watch it: wave by wave with its evidence, a grid of devices, and what keeps which of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice, Device
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import parameters
from control_ui.services.deployments.evidence import picture_fault, stream_fault
from control_ui.services.deployments.judge_wave import COUNTED
from control_ui.services.deployments.standing import Standing, standings
from control_ui.services.grid import Cell, Trouble, grouped

WORST_FIRST = ("failed", "rollback failed", "held", "waiting", "expired", "superseded", "rolling back", "canceled")
UNDER_WAY = (DeploymentState.RUNNING, DeploymentState.PAUSED)


@dataclass(frozen=True)
class Evidence:
    """Of the devices that were given it, how many have shown each step. Nothing is believed that a Pi has not shown."""

    given: int
    in_force: int
    streaming: int
    fresh_picture: int

    @property
    def steps(self) -> tuple[tuple[str, int], ...]:
        return (
            ("version in force", self.in_force),
            ("stream healthy", self.streaming),
            ("fresh picture since", self.fresh_picture),
        )


@dataclass(frozen=True)
class Wave:
    """One wave: devices by progress; how many of those that count have failed, and how many may."""

    number: int
    state: str
    counts: dict[str, int]
    failed: int
    counted: int
    most_failures: int
    evidence: Evidence

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def cells(session: ScopedSession, deployment_id: int) -> list[Cell]:
    """Every device, by wave and side, and in the order in which they were taken up."""
    row = DeploymentDevice
    query = sa.select(row.device_id, Device.name, row.progress, row.wave, row.side).join(
        Device, Device.id == row.device_id
    )
    query = query.where(row.deployment_id == deployment_id).order_by(row.wave, row.side, row.id)
    found = session.execute(query)
    return [Cell(device_id, name, str(progress), wave, side) for device_id, name, progress, wave, side in found]


def troubles(session: ScopedSession, deployment_id: int) -> list[Trouble]:
    """Why devices have failed, wait or were left out: in which words, and which devices."""
    row = DeploymentDevice
    query = sa.select(row.progress, row.detail, row.device_id, Device.name).join(Device, Device.id == row.device_id)
    told = query.where(row.deployment_id == deployment_id, row.progress.in_(WORST_FIRST)).order_by(Device.name)
    found = session.execute(told)
    return grouped(
        ((str(progress), detail, device_id, name) for progress, detail, device_id, name in found), WORST_FIRST
    )


def waves(session: ScopedSession, deployment: Deployment) -> list[Wave]:
    """In their order; two statements, however many devices."""
    row = DeploymentDevice
    query = sa.select(row.wave, row.progress, sa.func.count()).where(row.deployment_id == deployment.id)
    by_wave: dict[int, dict[str, int]] = {}
    for wave, progress, number in session.execute(query.group_by(row.wave, row.progress).order_by(row.wave)):
        by_wave.setdefault(wave, {})[str(progress)] = number
    being_given = standings(session, row.deployment_id == deployment.id, row.progress == DeviceProgress.DELIVERING)
    return [
        _wave(deployment, number, counts, [one for one in being_given if one.wave == number])
        for number, counts in by_wave.items()
    ]


def _wave(deployment: Deployment, number: int, counts: dict[str, int], being_given: Sequence[Standing]) -> Wave:
    counted = sum(counts.get(word, 0) for word in COUNTED)
    return Wave(
        number=number,
        state=_state(deployment, number),
        counts=counts,
        failed=counts.get(DeviceProgress.FAILED, 0),
        counted=counted,
        most_failures=parameters.of(deployment).most_failures(counted),
        evidence=_evidence(counts, being_given),
    )


def _evidence(counts: dict[str, int], being_given: Sequence[Standing]) -> Evidence:
    """What has been applied has shown everything."""
    proven = counts.get(DeviceProgress.APPLIED, 0)
    in_force = [one for one in being_given if one.seen_since_offered and one.runs_it]
    streaming = [one for one in in_force if not stream_fault(one)]
    fresh = [one for one in streaming if not picture_fault(one)]
    return Evidence(proven + len(being_given), proven + len(in_force), proven + len(streaming), proven + len(fresh))


def _state(deployment: Deployment, number: int) -> str:
    if number > deployment.current_wave:
        return "to come" if deployment.state in (DeploymentState.PROPOSED, *UNDER_WAY) else "not begun"
    if number < deployment.current_wave or deployment.wave_passed_at is not None:
        return "passed"
    return "under way" if deployment.state in UNDER_WAY else "stopped"
