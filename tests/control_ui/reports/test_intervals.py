"""The arithmetic of the SLA report, against a model that counts minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from control_ui.services.reports.intervals import Spans, complement, difference, hull, intersection, length, union

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
MINUTES = 60
pairs = st.lists(st.tuples(st.integers(0, MINUTES), st.integers(0, MINUTES)), max_size=12)


def at(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def spans(numbers: list[tuple[int, int]]) -> Spans:
    return union((at(start), at(end)) for start, end in numbers)


def model(numbers: list[tuple[int, int]]) -> set[int]:
    return {minute for start, end in numbers for minute in range(start, end)}


def minutes(found: Spans) -> set[int]:
    """The minutes in spans, which must be in their form."""
    assert all(start < end for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    return {minute for minute in range(MINUTES) if any(start <= at(minute) < end for start, end in found)}


@given(pairs)
def test_a_union_is_every_minute_that_is_in_any(numbers: list[tuple[int, int]]) -> None:
    assert minutes(spans(numbers)) == model(numbers)
    assert union(spans(numbers)) == spans(numbers)


@given(pairs, pairs)
def test_an_intersection_is_every_minute_that_is_in_both(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    assert minutes(intersection(spans(first), spans(second))) == model(first) & model(second)


@given(pairs, pairs)
def test_a_difference_is_every_minute_that_is_only_in_the_first(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    assert minutes(difference(spans(first), spans(second))) == model(first) - model(second)


@given(pairs, st.integers(0, MINUTES), st.integers(0, MINUTES))
def test_a_complement_is_every_other_minute_of_the_whole(numbers: list[tuple[int, int]], start: int, end: int) -> None:
    free = complement(spans(numbers), within=(at(start), at(end)))
    assert minutes(free) == set(range(start, end)) - model(numbers)


@given(pairs, pairs)
def test_parts_are_as_long_as_their_whole(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    ours, theirs = spans(first), spans(second)
    assert length(ours) == timedelta(minutes=len(model(first)))
    assert length(intersection(ours, theirs)) + length(difference(ours, theirs)) == length(ours)
    if ours:
        assert length(complement(ours, within=hull(ours))) + length(ours) == hull(ours)[1] - hull(ours)[0]
