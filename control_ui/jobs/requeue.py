"""Puts slices on the work queue again that it has lost (a Redis that was killed, flushed, or away)."""

from __future__ import annotations

import logging
from datetime import datetime

from rq import Queue

from control_ui.jobs.context import JobContext
from control_ui.services.runs import reaper
from control_ui.work_queue import RUNS

log = logging.getLogger(__name__)


def requeue(here: JobContext, now: datetime) -> None:
    """Look whether the slices that wait for a worker are on the queue. One that is on it twice is done once: a worker
    claims its row. Raises redis.RedisError, DBAPIError."""
    with here.session() as session:
        waiting = reaper.waiting_long(session, now)
        if not waiting:
            return
        queued = {job.args[0] for job in Queue(RUNS, connection=here.redis).get_jobs() if job.args}
        for slice_id in waiting:
            if slice_id not in queued:
                log.warning("slice %s was not on the work queue any more", slice_id)
                here.work.run_slice(slice_id)
                reaper.queued_again(session, slice_id, now)
