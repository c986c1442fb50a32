"""Two versions side by side: did either do better, on evidence that could have shown it?

The unit is the device, not the sample. A device's samples are much alike (its camera, its network, its sunshine), so
300 of them are no 300 witnesses: a test of two proportions over all samples would find differences where there are
none. Each device gives one mean a metric; these are compared by a permutation test (permutation.py), and the p-values
corrected for there being three metrics (Holm).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import fmean
from typing import Any

import sqlalchemy as sa

from control_ui.models import Deployment, DeploymentDevice, DeviceSample
from control_ui.models.deployments import DeploymentState, DeviceProgress, Strategy
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments import parameters, record
from control_ui.services.deployments.lock import lock
from control_ui.services.deployments.permutation import Difference, compare_means, holm

ALPHA = 0.05
CONFIDENCE = 0.95
FEWEST_DEVICES = 5
"""A side. With four, not even two sides without any overlap reach 0.05 among three metrics (2 of 70, times 3)."""
METHOD = (
    "Means a device, compared by a two-sided permutation test of the difference of the sides' means; p-values corrected"
    f" by Holm for three metrics, significant below {ALPHA:g}. Intervals hold 95 %, each by itself."
)
TOO_FEW = "too few devices to tell"
NO_DIFFERENCE = "no difference shown"


@dataclass(frozen=True)
class DeviceMeans:
    """What one device has shown since it had its configuration. None: it has not measured that."""

    side: str
    samples: int
    success_rate: float | None
    age_seconds: float | None
    cpu_percent: float | None


@dataclass(frozen=True)
class Metric:
    name: str
    unit: str
    field: str


METRICS = (
    Metric("snapshot success rate", "share of samples with a fresh picture", "success_rate"),
    Metric("picture age", "seconds", "age_seconds"),
    Metric("CPU usage", "percent", "cpu_percent"),
)


def compare(session: ScopedSession, deployment: Deployment, now: datetime) -> bool:
    """Write the report once the sides have been observed for long enough. Does not commit.

    The arithmetic takes seconds with many devices, and nothing is locked meanwhile: True also where the deployment has
    to be looked at anew after it.
    """
    if not _due(deployment, now):
        return False
    deployment_id, found = deployment.id, means(session, deployment, now)
    session.rollback()
    report = compared(found, seed=deployment_id) | {"until": now.isoformat()}
    locked = lock(session, deployment_id)
    if locked is None or not _due(locked, now):
        return True
    locked.comparison = report
    record.tell(session, record.by_itself(locked), locked, "compare", now=now, after=report)
    return True


def means(session: ScopedSession, deployment: Deployment, until: datetime) -> list[DeviceMeans]:
    """One mean of each metric for each device, over the samples since its configuration came into force."""
    fresh = sa.case((DeviceSample.snapshot_fresh.is_(True), 1.0), (DeviceSample.snapshot_fresh.is_(False), 0.0))
    query = (
        sa.select(
            DeploymentDevice.side,
            sa.func.count(),
            sa.func.avg(fresh),
            sa.func.avg(DeviceSample.snapshot_age_seconds),
            sa.func.avg(DeviceSample.cpu_usage_percent),
        )
        .join(DeviceSample, DeviceSample.device_id == DeploymentDevice.device_id)
        .where(
            DeploymentDevice.deployment_id == deployment.id,
            DeploymentDevice.progress == DeviceProgress.APPLIED,
            DeviceSample.at >= DeploymentDevice.changed_at,
            DeviceSample.at <= until,
        )
        .group_by(DeploymentDevice.id, DeploymentDevice.side)
        .order_by(DeploymentDevice.id)
    )
    return [DeviceMeans(*found) for found in session.execute(query)]


def compared(found: Sequence[DeviceMeans], *, seed: int) -> dict[str, Any]:
    """The report: `{method, sides, metrics, verdict}`."""
    sides = {side: [one for one in found if one.side == side] for side in ("a", "b")}
    pairs = [(_values(sides["a"], metric), _values(sides["b"], metric)) for metric in METRICS]
    tested = [None if min(map(len, pair)) < FEWEST_DEVICES else _tested(*pair, seed) for pair in pairs]
    adjusted = iter(holm([one.p_value for one in tested if one is not None]))
    metrics = [
        _told(metric, pair, difference, None if difference is None else next(adjusted))
        for metric, pair, difference in zip(METRICS, pairs, tested, strict=True)
    ]
    return {
        "method": METHOD,
        "sides": {
            side: {"devices": len(of_side), "samples": sum(one.samples for one in of_side)}
            for side, of_side in sides.items()
        },
        "metrics": metrics,
        "verdict": _verdict(metrics),
    }


def _due(deployment: Deployment, now: datetime) -> bool:
    observed_from = deployment.wave_passed_at
    return (
        deployment.strategy == Strategy.AB
        and deployment.state == DeploymentState.RUNNING
        and deployment.comparison is None
        and observed_from is not None
        and now >= observed_from + parameters.of(deployment).observation
    )


def _tested(a: list[float], b: list[float], seed: int) -> Difference:
    return compare_means(a, b, seed=seed, confidence=CONFIDENCE)


def _values(devices: Sequence[DeviceMeans], metric: Metric) -> list[float]:
    values = (getattr(device, metric.field) for device in devices)
    return [float(value) for value in values if value is not None]


def _told(
    metric: Metric, pair: tuple[list[float], list[float]], difference: Difference | None, p_adjusted: float | None
) -> dict[str, Any]:
    a, b = pair
    numbers = dict.fromkeys(("difference", "low", "high", "p_value", "relabellings", "exact"))
    return {
        "metric": metric.name,
        "unit": metric.unit,
        "a": {"devices": len(a), "mean": fmean(a) if a else None},
        "b": {"devices": len(b), "mean": fmean(b) if b else None},
        **(numbers if difference is None else asdict(difference)),
        "p_adjusted": p_adjusted,
        "verdict": _of_metric(difference, p_adjusted),
    }


def _of_metric(difference: Difference | None, p_adjusted: float | None) -> str:
    if difference is None or p_adjusted is None:
        return TOO_FEW
    if p_adjusted >= ALPHA:
        return NO_DIFFERENCE
    return "b is higher" if difference.difference > 0 else "b is lower"


def _verdict(metrics: Sequence[dict[str, Any]]) -> str:
    shown = [f"{one['metric']}: {one['verdict']}" for one in metrics if one["verdict"] not in (TOO_FEW, NO_DIFFERENCE)]
    if shown:
        return "; ".join(shown)
    return TOO_FEW if all(one["verdict"] == TOO_FEW for one in metrics) else NO_DIFFERENCE
