"""Deployments: asked for, watched, and taken back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from control_ui.models import Deployment, TemplateVersion
from control_ui.models.deployments import DeploymentState, DeviceProgress, Strategy
from control_ui.services.deployments.parameters import DEFAULT_WAVES, Parameters
from control_ui.services.deployments.request import DeployRequest
from control_ui.services.deployments.search import DeviceRow, Overview
from control_ui.views.api.schemas.base import In, Json, Moment, Out, PageQuery, RowId, Text
from control_ui.views.api.schemas.configuration import ChangeOut
from control_ui.views.api.schemas.runs import ApprovalOut
from control_ui.views.api.schemas.targets import Target

Wave = Annotated[str, StringConstraints(pattern=r"^([1-9]\d{0,5}|([1-9]\d?|100)%)$")]
Side = Literal["a", "b"]


class DeploymentParameters(In):
    """How to go about it. A threshold is passed when more than that have failed; with none given, 10 % may fail."""

    waves: list[Wave] = Field(
        list(DEFAULT_WAVES),
        min_length=1,
        max_length=20,
        description="`waves`: how many devices of all have been reached after each: counts or percentages. What is left"
        " is a last wave. Ring canary comes first, then early, then the rest; devices that are off come last.",
    )
    failure_threshold_percent: float | None = Field(
        None,
        ge=0,
        le=100,
        description="Of the wave's devices that count: without those that are off, held or taken over.",
    )
    failure_threshold_count: int | None = Field(None, ge=0, le=1_000_000)
    wave_timeout_seconds: int = Field(
        180, ge=10, le=86_400, description="A device that has shown no proof by then has failed."
    )
    soak_seconds: int = Field(
        0, ge=0, le=604_800, description="Between two waves; at its end the devices are looked at once more."
    )
    desired_lifetime_hours: int = Field(
        168, ge=1, le=8760, description="How long a device that is off is still offered the configuration."
    )
    version_b: RowId | None = Field(None, description="`ab`: the version for side b, of the same template.")
    split_percent: int = Field(50, ge=1, le=99, description="`ab`: the share of side b.")
    observe_minutes: int = Field(60, ge=1, le=43_200, description="`ab`: for how long the sides are compared.")

    def read(self) -> Parameters:
        values = self.model_dump(exclude={"version_b", "waves"})
        return Parameters(waves=tuple(self.waves), **values)


class DeployIn(In):
    """Which version of the template goes where, and how."""

    target: Target
    version: RowId | None = Field(None, description="Number of the template's version; null: the latest.")
    strategy: Strategy = Strategy.WAVES
    parameters: DeploymentParameters = Field(default_factory=lambda: DeploymentParameters.model_validate({}))
    reason: Text = ""

    def read(self) -> DeployRequest:
        return DeployRequest(
            target=self.target.chosen,
            strategy=self.strategy,
            version=self.version,
            version_b=self.parameters.version_b,
            parameters=self.parameters.read(),
            reason=self.reason,
        )


class DeploymentQuery(PageQuery):
    """Which deployments."""

    state: list[DeploymentState] = Field(default_factory=list, max_length=len(DeploymentState))
    template_id: RowId | None = None
    device_id: RowId | None = Field(None, description="That were for this device.")
    rollback_of_id: RowId | None = Field(None, description="That take back this deployment.")
    rollbacks: bool | None = Field(None, description="Only rollbacks, or none of them.")


class DeployedVersion(Out):
    """A version of a template."""

    id: int
    template_id: int
    template: str
    number: int

    @classmethod
    def of(cls, version: TemplateVersion | None) -> DeployedVersion | None:
        if version is None:
            return None
        return cls(
            id=version.id, template_id=version.template_id, template=version.template.name, number=version.number
        )


class DeploymentOut(Out):
    """A deployment. A rollback is one without a template: each device gets a configuration of its own past."""

    id: int
    template_version: DeployedVersion | None
    template_version_b: DeployedVersion | None = Field(description="`ab`: of side b.")
    rollback_of_id: int | None = Field(description="The deployment that this one takes back.")
    rollback_ids: list[int] = Field(description="The deployments that take this one back.")
    strategy: Strategy
    parameters: Json
    target: Json
    state: DeploymentState
    current_wave: int = Field(description="From 1; 0 before the first.")
    waves: int
    wave_started_at: Moment | None
    wave_passed_at: Moment | None
    counts: dict[str, int] = Field(description="Devices by progress, and `total`.")
    run_ids: list[int]
    reason: str
    requested_by_id: int | None
    requested_by: str
    requested_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    stop_reason: str = Field(description="Why it stopped, or does not go on.")
    diff_sha256: str | None = Field(description="Of the differences of all devices; what an approval is bound to.")
    approval: ApprovalOut | None
    comparison: dict[str, Any] | None = Field(description="`ab`: the report on the two sides.")

    @classmethod
    def of(cls, seen: Overview) -> DeploymentOut:
        return cls(
            **{name: getattr(seen.deployment, name) for name in _OF_ROW},
            template_version=DeployedVersion.of(seen.template_version),
            template_version_b=DeployedVersion.of(seen.template_version_b),
            rollback_ids=seen.rollback_ids,
            waves=seen.waves,
            counts=seen.counts,
            run_ids=seen.run_ids,
            approval=None if seen.approval is None else ApprovalOut.model_validate(seen.approval),
        )


_OF_ROW = [name for name in DeploymentOut.model_fields if name in Deployment.__table__.columns]


class DeploymentPage(Out):
    items: list[DeploymentOut]
    next: str | None


class DeploymentDeviceQuery(PageQuery):
    progress: list[DeviceProgress] = Field(
        default_factory=list, max_length=len(DeviceProgress), description="Any of these."
    )
    wave: RowId | None = None
    side: Side | None = None


class DeploymentDeviceOut(Out):
    """Where a device of a deployment stands, and what that rests on."""

    device_id: int
    name: str
    wave: int
    side: str
    progress: DeviceProgress
    config_version: int | None = Field(description="The number it is to have; null: the Pi goes back by itself.")
    previous_version: int | None = Field(description="The number it had, if that came from here.")
    rollback_version: int | None = Field(description="The number with which it goes back.")
    run_id: int | None
    detail: str = Field(description="Why.")
    evidence: Json = Field(description="What the verdict rests on, as the Pi reported it.")
    offered_at: Moment | None
    changed_at: Moment | None = Field(description="When the configuration was first reported in force.")
    settled_at: Moment | None

    @classmethod
    def of(cls, found: DeviceRow) -> DeploymentDeviceOut:
        row = found.row
        return cls(
            **{name: getattr(row, name) for name in _OF_DEVICE_ROW},
            name=found.name,
            config_version=found.config_version,
            previous_version=found.previous_version,
            rollback_version=found.rollback_version,
        )


_OF_DEVICE_ROW = (
    "device_id", "wave", "side", "progress", "run_id", "detail", "evidence", "offered_at", "changed_at", "settled_at",
)  # fmt: skip


class DeploymentDevicePage(Out):
    items: list[DeploymentDeviceOut]
    next: str | None


class DeviceDifferenceOut(Out):
    """What a deployment changes on one device."""

    device_id: int
    device: str
    from_number: int | None = Field(description="null: what it ran did not come from here.")
    to_number: int | None = Field(description="null: the Pi goes back by itself.")
    changes: list[ChangeOut]


class DeviceDifferencePage(Out):
    items: list[DeviceDifferenceOut]
    next: str | None
