"""The drill's table, as docs/benchmarks.md shows it."""

from __future__ import annotations

from collections.abc import Sequence

from virtual_fleet.drill.one_drill import Outcome

HEAD = ("fault", "detected by", "after s", "healed by", "after s", "a person", "called by, after its threshold")
ENOUGH = 0.9


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown, a line a fault."""
    lines = [HEAD, ("---",) * len(HEAD), *map(_row, outcomes)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many were healed without a person, and whether that is enough."""
    alone = sum(outcome.without_a_person for outcome in outcomes)
    share = alone / len(outcomes) if outcomes else 0.0
    verdict = "enough" if share >= ENOUGH else f"NOT enough, {ENOUGH:.0%} is promised"
    return f"{alone} of {len(outcomes)} kinds of fault healed without a person ({share:.0%}): {verdict}."


def is_good(outcomes: Sequence[Outcome]) -> bool:
    """Whether everything went as planned, and enough without a person."""
    healed = sum(outcome.without_a_person for outcome in outcomes)
    return bool(outcomes) and all(outcome.as_planned for outcome in outcomes) and healed >= ENOUGH * len(outcomes)


def _row(outcome: Outcome) -> tuple[str, ...]:
    person = "no" if outcome.without_a_person else "yes" if outcome.as_planned else "yes, UNPLANNED"
    called = f"{outcome.called}, {_seconds(outcome.call_delay_seconds)} s" if outcome.called else "-"
    return (
        outcome.name, outcome.detected_by, _seconds(outcome.detected_seconds), outcome.healed_by,
        _seconds(outcome.healed_seconds), person, called,
    )  # fmt: skip


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.0f}"
