"""Arithmetic on spans of time. A `Spans` is sorted, its spans do not touch, and each is from its start until before its
end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]
Spans = list[Span]


def union(spans: Iterable[Span]) -> Spans:
    """Spans in any order, overlapping or empty, brought into the form the others need."""
    joined: Spans = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def intersection(first: Spans, second: Spans) -> Spans:
    """What is in both."""
    common: Spans = []
    left = right = 0
    while left < len(first) and right < len(second):
        start = max(first[left][0], second[right][0])
        end = min(first[left][1], second[right][1])
        if start < end:
            common.append((start, end))
        if first[left][1] < second[right][1]:
            left += 1
        else:
            right += 1
    return common


def difference(first: Spans, second: Spans) -> Spans:
    """What is in the first and not in the second."""
    return intersection(first, complement(second, within=hull(first))) if first else []


def complement(spans: Spans, *, within: Span) -> Spans:
    """What of `within` is in none of the spans."""
    start, end = within
    free: Spans = []
    for taken_from, taken_to in spans:
        if taken_from >= end:
            break
        if taken_from > start:
            free.append((start, taken_from))
        start = max(start, taken_to)
    if start < end:
        free.append((start, end))
    return free


def hull(spans: Spans) -> Span:
    """The one span from the first start to the last end."""
    return spans[0][0], spans[-1][1]


def length(spans: Spans) -> timedelta:
    """How long they are together."""
    return sum((end - start for start, end in spans), timedelta())
