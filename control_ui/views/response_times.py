"""How long this control plane takes to answer, as far as it has counted itself since it was started."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from control_ui.views.request_metrics import request_metrics

API = "/api/"


@dataclass(frozen=True)
class ResponseTimes:
    """`within` maps a share in percent to the seconds in which at least so many answers were given; infinite beyond
    the longest that is told apart."""

    answers: int
    within: Mapping[int, float]


def of_api(shares: tuple[int, ...] = (50, 95, 99)) -> ResponseTimes:
    """Of the API. Read off the bounds of a histogram: never less than it was."""
    counts: dict[float, float] = defaultdict(float)
    for metric in request_metrics().seconds.collect():
        for sample in metric.samples:
            if sample.name.endswith("_bucket") and sample.labels["route"].startswith(API):
                counts[float(sample.labels["le"])] += sample.value
    answers = counts.get(float("inf"), 0.0)
    if not answers:
        return ResponseTimes(0, {})
    bounds = sorted(counts)
    within = {share: next(bound for bound in bounds if counts[bound] * 100 >= answers * share) for share in shares}
    return ResponseTimes(int(answers), within)
