"""Hands queued runs to the workers."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import redis

from control_ui.jobs.context import context
from control_ui.services.runs.dispatch import ready_slices

log = logging.getLogger(__name__)


def dispatch() -> None:
    """Cut the runs that can begin in slices, and put these on the work queue. What the queue loses, the clock finds."""
    here = context()
    with here.session() as session:
        slice_ids = ready_slices(session, datetime.now(UTC), here.settings.hosts_per_slice)
    for slice_id in slice_ids:
        try:
            here.work.run_slice(slice_id)
        except redis.RedisError as error:
            log.warning("slice %s is not on the work queue yet (%s): the clock will put it there", slice_id, error)
