"""Alert rules that are off by one step: in their threshold, in what they compare with it, or in their duration."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

STEP_SECONDS = 15
"""Of the evaluations in the promtool tests."""
_THRESHOLD = re.compile(r"(?P<operator>>=|<=|==|!=|>|<) *(?P<number>\d+(?:\.\d+)?)")
_GUARD = re.compile(r"^> 0\)")
"""`(rate(...) > 0)` under a fraction keeps it from being none: it is no threshold."""
_OTHER_SIDE = {">": ">=", ">=": ">", "<": "<=", "<=": "<", "==": "!=", "!=": "=="}
_DURATION = re.compile(r"(\d+)(h|m|s)")
_SECONDS = {"h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Mutant:
    """One alert rule with one thing changed. `rule` is the whole rule as it is to stand in its file."""

    alert: str
    change: str
    rule: dict[str, Any]


def mutants(rule: dict[str, Any]) -> Iterator[Mutant]:
    """Every way in which this alert rule can be off by one step."""
    for change, expression in _expressions(rule["expr"]):
        yield _mutant(rule, change, expr=expression)
    yield from _durations(rule, "for")
    if "keep_firing_for" in rule:
        yield from _durations(rule, "keep_firing_for")


def _durations(rule: dict[str, Any], key: str) -> Iterator[Mutant]:
    seconds = sum(int(count) * _SECONDS[unit] for count, unit in _DURATION.findall(rule.get(key, "0s")))
    for changed in (seconds - STEP_SECONDS, seconds + STEP_SECONDS):
        if changed >= 0:
            yield _mutant(rule, f"{key} {changed}s instead of {seconds}s", **{key: f"{changed}s"})


def _expressions(expression: str) -> Iterator[tuple[str, str]]:
    for found in _THRESHOLD.finditer(expression):
        if _GUARD.match(expression[found.start() :]):
            continue
        operator, number = found["operator"], found["number"]
        step = 10 ** -len(number.partition(".")[2])
        others = [(_OTHER_SIDE[operator], number)]
        others += [(operator, f"{float(number) + by:g}") for by in (step, -step)]
        for other in others:
            text = " ".join(other)
            yield f"{text!r} for {found[0]!r}", expression[: found.start()] + text + expression[found.end() :]


def _mutant(rule: dict[str, Any], change: str, **changed: str) -> Mutant:
    return Mutant(rule["alert"], change, copy.deepcopy(rule) | changed)
