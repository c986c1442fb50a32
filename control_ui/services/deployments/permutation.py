"""A permutation test for the difference of two means, and the confidence interval that goes with it.

The interval is the test turned round: it holds every shift of side b that the test would not refuse. Each relabelling
stops refusing at one shift, so the interval's ends are two of these shifts in their order (Garthwaite 1996,
doi:10.2307/2532852, of which this is the case without a search). Nothing is assumed of the values' distribution.

scipy has such a test, without the interval. It and numpy would be 100 MB on every worker, for the forty lines below.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

MOST_EXACT = 20_000
"""So many relabellings are all gone through; of more a sample is drawn."""
DRAWN = 4_999
"""With the one that was observed it is 5,000: the error of a p-value near 0.05 is then 0.003."""
_SAME = 1e-9
"""Shares of the values' range that are rounding, not difference."""


@dataclass(frozen=True)
class Difference:
    """`difference` is the mean of b less that of a; None for an end of the interval that is without bound."""

    difference: float
    low: float | None
    high: float | None
    p_value: float
    relabellings: int
    exact: bool


def compare_means(a: Sequence[float], b: Sequence[float], *, seed: int, confidence: float = 0.95) -> Difference:
    """Whether two groups differ, two-sided. Each value must come from a unit of its own (a device, not a sample of it).

    The same values and `seed` give the same answer. Neither side may be empty.
    """
    values = [*a, *b]
    exact = math.comb(len(values), len(b)) <= MOST_EXACT
    chosen: Iterable[Sequence[int]] = (
        combinations(range(len(values)), len(b)) if exact else _drawn(len(values), len(b), random.Random(seed))  # noqa: S311
    )
    observed = fmean(b) - fmean(a)
    shifts, total = _shifts(values, len(a), observed, chosen)
    total += 0 if exact else 1  # the observed one is among all of them, but not among those that are drawn
    slack = _SAME * (max(values) - min(values))
    above = 1 + sum(shift <= slack for shift in shifts)
    below = 1 + sum(shift >= -slack for shift in shifts)
    rank = math.floor(total * (1 - confidence) / 2)
    return Difference(
        difference=observed,
        low=shifts[rank - 1] if rank else None,
        high=shifts[-rank] if rank else None,
        p_value=min(1.0, 2 * min(above, below) / total),
        relabellings=total,
        exact=exact,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values, corrected for there being several (Holm 1979): below alpha after it, significant among all."""
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        running = max(running, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, running)
    return adjusted


def _drawn(total: int, size: int, source: random.Random) -> Iterable[Sequence[int]]:
    return (source.sample(range(total), size) for _ in range(DRAWN))


def _shifts(
    values: Sequence[float], first_b: int, observed: float, chosen: Iterable[Sequence[int]]
) -> tuple[list[float], int]:
    """For each relabelling but the observed one, the shift of b from which on it looks no less extreme; sorted. And how
    many relabellings there were.

    With b shifted by d, a relabelling's difference is `relabelled - d * kept`, the observed one `observed - d`.
    """
    everything, count, size_b = math.fsum(values), len(values), len(values) - first_b
    size_a = first_b
    shifts, total = [], 0
    for members in chosen:
        total += 1
        inside = math.fsum(values[index] for index in members)
        true_b = sum(index >= first_b for index in members)
        if true_b == size_b:
            continue
        relabelled = inside / size_b - (everything - inside) / size_a
        kept = true_b / size_b - (count - size_a - true_b) / size_a
        shifts.append((observed - relabelled) / (1 - kept))
    return sorted(shifts), total
