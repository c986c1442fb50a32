"""Moves deployments, whenever there may be news for them, and every two seconds anyhow."""

from __future__ import annotations

from datetime import UTC, datetime

from control_ui.jobs.context import context
from control_ui.services.deployments import advance as deployments
from control_ui.work_queue import DISPATCH


def advance() -> None:
    """Move every deployment as far as it can be moved. Twice at once does no harm."""
    here = context()
    with here.session() as session:
        moved = deployments.advance(session, datetime.now(UTC))
    if moved:
        here.work.wake(DISPATCH)
