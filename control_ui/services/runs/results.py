"""What came of the hosts of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer

from control_ui.models import HostResult
from control_ui.models.runs import HostOutcome, HostProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import NotFoundError
from control_ui.services.pages import Page, paginate


def of_run(session: ScopedSession, run_id: int) -> list[HostResult]:
    """Every host of the run, in the order they were asked for. Their diffs are read when they are looked at."""
    query = sa.select(HostResult).where(HostResult.run_id == run_id).order_by(HostResult.id)
    return list(session.scalars(query.options(defer(HostResult.diffs))))


def page(
    session: ScopedSession, run_id: int, outcomes: list[HostOutcome], limit: int, cursor: str | None
) -> Page[HostResult]:
    """Hosts of the run, with any of these outcomes if there are some; without their diffs."""
    query = sa.select(HostResult).where(HostResult.run_id == run_id).options(defer(HostResult.diffs))
    if outcomes:
        query = query.where(HostResult.outcome.in_(outcomes))
    return paginate(session, query, by=[HostResult.id], limit=limit, cursor=cursor)


def of_device(session: ScopedSession, run_id: int, device_id: int) -> HostResult:
    """Raises NotFoundError."""
    query = sa.select(HostResult).where(HostResult.run_id == run_id, HostResult.device_id == device_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFoundError(f"device {device_id} is not part of run {run_id}")
    return found


def hold(result: HostResult, why: str, now: datetime) -> None:
    """This host is not to be worked on by this run."""
    result.outcome, result.progress = HostOutcome.HELD, HostProgress.DONE
    result.message, result.finished_at = why, now


def tally(session: ScopedSession, run_id: int) -> dict[str, Any]:
    """Hosts by outcome; those without one by progress; and `total`. What is nought is left out."""
    query = sa.select(HostResult.outcome, HostResult.progress, sa.func.count(HostResult.id))
    query = query.where(HostResult.run_id == run_id).group_by(HostResult.outcome, HostResult.progress)
    return counted(session.execute(query))


def counted(rows: Iterable[tuple[HostOutcome | None, HostProgress, int]]) -> dict[str, Any]:
    """As `tally` gives it."""
    counts: Counter[str] = Counter()
    for outcome, progress, number in rows:
        # A host without an outcome that is through was interrupted.
        counts[outcome or progress] += number
        counts["total"] += number
    return {str(name): number for name, number in sorted(counts.items())}
