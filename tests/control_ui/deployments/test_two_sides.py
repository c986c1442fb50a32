"""`ab`: two versions side by side, and a report that claims no more than the devices have shown."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from control_ui.models import DeviceSample
from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.services.deployments.comparison import NO_DIFFERENCE, TOO_FEW, DeviceMeans, compared
from control_ui.services.errors import InvalidError
from tests.control_ui.deployments.conftest import Stage

Make = Callable[..., Stage]
TRIALS = 200


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # the same numbers each time are what is wanted


def side(source: random.Random, name: str, count: int, *, cpu: float = 30.0, rate: float = 0.97) -> list[DeviceMeans]:
    """Devices that differ among themselves much more than their samples do."""
    return [
        DeviceMeans(name, 300, min(1.0, source.gauss(rate, 0.02)), source.gauss(6, 1.5), source.gauss(cpu, 6.0))
        for _ in range(count)
    ]


def test_equal_sides_are_called_different_at_most_as_often_as_is_promised() -> None:
    """In any of the three metrics, at 5 % for all together. A test over the samples would do so nearly always."""
    source = seeded(1)
    wrong = sum(
        compared(side(source, "a", 5) + side(source, "b", 5), seed=trial)["verdict"] != NO_DIFFERENCE
        for trial in range(TRIALS)
    )
    assert wrong <= 19  # 10 expected, three standard deviations of 3.1


def test_a_real_difference_is_found_where_it_is() -> None:
    source = seeded(20)
    report = compared(side(source, "a", 30) + side(source, "b", 30, cpu=40.0), seed=20)
    success, age, cpu = report["metrics"]
    assert report["verdict"] == "CPU usage: b is higher"
    assert (success["verdict"], age["verdict"], cpu["verdict"]) == (NO_DIFFERENCE, NO_DIFFERENCE, "b is higher")
    assert cpu["low"] < 10 < cpu["high"]
    assert 0 < cpu["p_value"] <= cpu["p_adjusted"] < 0.05
    assert (cpu["a"]["devices"], cpu["b"]["devices"]) == (30, 30)
    assert report["sides"]["a"] == {"devices": 30, "samples": 9000}


def test_fewer_than_five_devices_a_side_tell_nothing_however_they_look() -> None:
    source = seeded(3)
    report = compared(side(source, "a", 4) + side(source, "b", 40, cpu=90.0), seed=3)
    assert report["verdict"] == TOO_FEW
    assert {metric["p_value"] for metric in report["metrics"]} == {None}


def test_a_metric_that_one_side_did_not_measure_is_left_open() -> None:
    source = seeded(4)
    blind = [DeviceMeans("b", 300, one.success_rate, one.age_seconds, None) for one in side(source, "b", 6)]
    report = compared(side(source, "a", 6) + blind, seed=4)
    assert [metric["verdict"] for metric in report["metrics"]] == [NO_DIFFERENCE, NO_DIFFERENCE, TOO_FEW]


def test_two_versions_are_deployed_observed_and_compared(stage_of: Make) -> None:
    stage = stage_of(*(f"pi-{number:02}" for number in range(12)))
    a, b = stage.new_version(jpeg_quality=70), stage.new_version(jpeg_quality=80)
    made = stage.deploy(strategy=Strategy.AB, version=a, version_b=b, observe_minutes=30)
    stage.round()
    rows = stage.rows(made)
    sides = {name: row.side for name, row in rows.items()}
    assert sorted(sides.values()) == ["a"] * 6 + ["b"] * 6
    assert {sides[name]: pi.documents[-1]["jpeg_quality"] for name, pi in stage.pis.items()} == {"a": 70, "b": 80}
    assert stage.deployment(made).state == DeploymentState.RUNNING
    _observe(stage, {name: 20.0 if of == "a" else 60.0 for name, of in sides.items()})
    stage.advance(29 * 60)
    assert stage.deployment(made).comparison is None
    stage.advance(60)
    ended = stage.deployment(made)
    assert ended.state == DeploymentState.SUCCEEDED
    assert ended.comparison is not None
    assert ended.comparison["verdict"] == "CPU usage: b is higher"
    assert "permutation test" in ended.comparison["method"]
    assert [entry.action for entry in stage.audit(made)][-2:] == ["deployment.compare", "deployment.finish"]


def test_sides_that_cannot_be_are_refused(stage: Stage) -> None:
    number = stage.new_version(jpeg_quality=70)
    with pytest.raises(InvalidError, match="two versions"):
        stage.deploy(strategy=Strategy.AB)
    with pytest.raises(InvalidError, match="two versions"):
        stage.deploy(version_b=number)
    with pytest.raises(InvalidError, match="two versions"):
        stage.deploy(strategy=Strategy.AB, version=number, version_b=number)
    with pytest.raises(InvalidError, match="both sides need devices"):
        stage.deploy("pi-1", "pi-2", strategy=Strategy.AB, version=1, version_b=number, split_percent=1)


def _observe(stage: Stage, cpu: dict[str, float]) -> None:
    """Ten samples a device, after its change; and one from before, which must not count."""
    source = seeded(5)
    with stage.session() as session:
        for name, usage in cpu.items():
            for minute in (-9, *range(1, 11)):
                session.add(
                    DeviceSample(
                        tenant_id=stage.tenant.id,
                        device_id=stage.ids[name],
                        at=stage.now + timedelta(minutes=minute, seconds=7),
                        cpu_usage_percent=99.0 if minute < 0 else source.gauss(usage, 2),
                        snapshot_fresh=True,
                        snapshot_age_seconds=source.gauss(6, 1),
                    )
                )
        session.commit()
