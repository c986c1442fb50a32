"""Figures of the fleet and of a device."""

from __future__ import annotations

from pydantic import Field, RootModel

from control_ui.services.device_series import MOST_POINTS
from control_ui.views.api.schemas.base import In, Moment, Out


class ConfiguredOut(Out):
    """`template` is null for configurations made from none, and for devices of which nothing is wanted."""

    template: str | None
    version: int | None
    devices: int
    in_force: int


class OverviewOut(Out):
    devices: int
    by_status: dict[str, int]
    by_release: dict[str, int]
    by_configuration: list[ConfiguredOut]
    runs_of_the_last_day: dict[str, int]
    deployments_active: int
    alerts_by_severity: dict[str, int]
    alerts_unacknowledged: int
    oldest_check_in_at: Moment | None


class SeriesQuery(In):
    """Which time, in which steps."""

    since: Moment | None = Field(None, description="Default: a day before `until`.")
    until: Moment | None = Field(None, description="Default: now.")
    step: int | None = Field(
        None,
        ge=1,
        le=2_000_000_000,
        description=f"Seconds between two points, of which there are at most {MOST_POINTS}.",
    )


class SeriesOut(Out):
    """Point n of each series is for the time from `start + n * step_seconds`; null where nothing was measured."""

    device_id: int
    device: str
    start: Moment
    step_seconds: int
    points: int
    series: dict[str, list[float | None]]


class TargetGroup(Out):
    targets: list[str]
    labels: dict[str, str]


class Targets(RootModel[list[TargetGroup]]):
    """Prometheus' HTTP service discovery."""
