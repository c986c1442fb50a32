"""Who comes first, and how many may fail."""

from __future__ import annotations

import pytest

from control_ui.models import Device, DeviceState
from control_ui.models.devices import DeviceStatus
from control_ui.services.deployments import waves
from control_ui.services.deployments.parameters import Parameters, read
from control_ui.services.errors import InvalidError


def device(number: int, ring: str = "main", status: DeviceStatus = DeviceStatus.ONLINE) -> Device:
    return Device(id=number, name=f"pi-{number:03}", ring=ring, state=DeviceState(status=status))


@pytest.mark.parametrize(
    ("wanted", "total", "sizes"),
    [
        (("1", "10%", "100%"), 50, [1, 4, 45]),
        (("1", "10%", "100%"), 1, [1]),
        (("1", "10%", "100%"), 7, [1, 6]),
        (("1",), 3, [1, 2]),
        (("5", "5", "2", "100%"), 10, [5, 5]),
        (("50%",), 5, [3, 2]),
        (("1000",), 3, [3]),
    ],
)
def test_each_wave_has_reached_so_many_of_all(wanted: tuple[str, ...], total: int, sizes: list[int]) -> None:
    assert waves.sizes(wanted, total) == sizes


def test_canaries_come_first_then_early_ones_and_what_is_off_last() -> None:
    devices = [device(1), device(2, "early"), device(3, "canary", DeviceStatus.OFFLINE), device(4, "canary"), device(5)]
    assert [one.id for one in waves.in_order(devices)] == [4, 2, 1, 5, 3]
    assert waves.numbered(devices, ("1", "60%")) == {4: 1, 2: 2, 1: 2, 5: 3, 3: 3}


def test_sides_have_the_sizes_asked_for_are_stable_and_differ_from_deployment_to_deployment() -> None:
    devices = [device(number) for number in range(100)]
    side = waves.side_b(devices, 7, 30)
    assert len(side) == 30
    assert waves.side_b(devices[::-1], 7, 30) == side
    assert waves.side_b(devices, 8, 30) != side


@pytest.mark.parametrize(
    ("parameters", "failed", "counted", "passed"),
    [
        (Parameters(), 1, 10, ""),
        (Parameters(), 2, 10, "more than 10 %"),
        (Parameters(), 1, 1, "more than 10 %"),
        (Parameters(failure_threshold_percent=0), 1, 500, "more than 0 %"),
        (Parameters(failure_threshold_percent=0), 0, 500, ""),
        (Parameters(failure_threshold_percent=100), 5, 5, ""),
        (Parameters(failure_threshold_count=2), 2, 3, ""),
        (Parameters(failure_threshold_count=2), 3, 500, "more than 2"),
        (Parameters(failure_threshold_count=9, failure_threshold_percent=50), 2, 3, "more than 50 %"),
    ],
)
def test_a_threshold_is_passed_when_more_than_it_have_failed(
    parameters: Parameters, failed: int, counted: int, passed: str
) -> None:
    assert parameters.passed_threshold(failed, counted) == passed


def test_parameters_survive_being_kept() -> None:
    given = Parameters(waves=("3", "50%"), failure_threshold_count=4, soak_seconds=9)
    assert read(given.document() | {"to": {"previous": True}}) == given
    assert read({}) == Parameters()


def test_waves_that_make_no_sense_are_refused_each_by_its_place() -> None:
    with pytest.raises(InvalidError) as refused:
        Parameters(waves=("1", "0", "101%", "ten"))
    assert [fault.path for fault in refused.value.faults] == [f"$.parameters.waves[{at}]" for at in (1, 2, 3)]
