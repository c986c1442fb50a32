"""The test behind the comparison of two sides, on data whose truth is known."""

from __future__ import annotations

import random
from statistics import fmean

import pytest

from control_ui.services.deployments.permutation import compare_means, holm

ALPHA = 0.05
TRIALS = 400


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # the same numbers each time are what is wanted


def drawn(source: random.Random, count: int, mean: float = 0.0) -> list[float]:
    return [source.gauss(mean, 1.0) for _ in range(count)]


def test_equal_sides_are_called_different_about_as_often_as_is_promised() -> None:
    source = seeded(1)
    refused = sum(
        compare_means(drawn(source, 5), drawn(source, 5), seed=trial).p_value <= ALPHA for trial in range(TRIALS)
    )
    # 400 trials at 5 % give 20, give or take three standard deviations of 4.4.
    assert 7 <= refused <= 33


def test_the_interval_holds_the_true_difference_about_as_often_as_is_promised() -> None:
    source = seeded(2)
    held = 0
    for trial in range(TRIALS):
        found = compare_means(drawn(source, 5), drawn(source, 5, mean=1.5), seed=trial)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 1.5 <= found.high
    assert 367 <= held <= 393


def test_values_that_are_nothing_like_a_bell_keep_the_promise_too() -> None:
    """Success rates are: nearly always 1, rarely much less."""
    source = seeded(3)

    def rates(count: int) -> list[float]:
        return [1.0 if source.random() < 0.7 else source.random() for _ in range(count)]

    refused = sum(compare_means(rates(5), rates(5), seed=trial).p_value <= ALPHA for trial in range(TRIALS))
    assert refused <= 33


def test_a_real_difference_is_found_and_its_size_told() -> None:
    source = seeded(4)
    found = compare_means(drawn(source, 40), drawn(source, 60, mean=1.5), seed=4)
    assert found.p_value < 0.001
    assert not found.exact
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1.5 < found.high
    assert found.high - found.low < 1.2


def test_with_few_devices_every_relabelling_is_gone_through() -> None:
    found = compare_means([1.0, 2.0, 3.0, 4.0], [11.0, 12.0, 13.0, 14.0], seed=0)
    assert (found.exact, found.relabellings) == (True, 70)
    assert found.p_value == pytest.approx(2 / 70)


def test_the_interval_leaves_nought_out_just_when_the_test_refuses() -> None:
    source = seeded(5)
    for trial in range(100):
        found = compare_means(drawn(source, 7), drawn(source, 6, mean=source.random() * 2), seed=trial)
        assert found.low is not None
        assert found.high is not None
        assert (found.low > 0 or found.high < 0) == (found.p_value <= ALPHA)


def test_an_interval_that_so_few_devices_cannot_bound_has_no_ends() -> None:
    found = compare_means([1.0, 2.0], [3.0, 4.0], seed=0)
    assert (found.low, found.high) == (None, None)


def test_equal_values_everywhere_show_no_difference() -> None:
    found = compare_means([1.0] * 8, [1.0] * 8, seed=0)
    assert (found.p_value, found.low, found.high) == (1.0, 0.0, 0.0)


def test_the_same_data_give_the_same_answer() -> None:
    source = seeded(6)
    a, b = drawn(source, 30), drawn(source, 30)
    assert compare_means(a, b, seed=9) == compare_means(a, b, seed=9)
    assert compare_means(a, b, seed=9).difference == pytest.approx(fmean(b) - fmean(a))


def test_several_p_values_are_corrected_by_holms_rule() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9, 0.4]) == [1.0, 1.0, 1.0]
    assert holm([]) == []
