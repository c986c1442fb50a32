"""Puts work on the queue by the name of its job, so that whoever asks for it needs to import no job.

The database is what decides which work there is: a job that gets lost is put on the queue again by the clock (see
jobs/clock.py), and a job that
comes twice finds its row claimed. So the queue may lose everything at any moment, and a queue that is away is no
reason to refuse a request.
"""

from __future__ import annotations

import logging

import redis
from rq import Queue

log = logging.getLogger(__name__)

CONTROL = "control"
"""Short jobs: dispatching, deployments, pruning, following the audit trail."""
RUNS = "runs"
"""Slices of runs, which take as long as they take."""
LIVE_LOGS = "live-logs"
"""Logs that somebody watches: they take minutes, and no place of a run."""
REPORTS = "reports"
"""Reports, evidence packs, and the figures of how sites were served: minutes of reading."""
DISPATCH = "control_ui.jobs.dispatch.dispatch"
ADVANCE_DEPLOYMENTS = "control_ui.jobs.deployments.advance"
MAKE_REPORTS = "control_ui.jobs.reporting.work"
RUN_SLICE = "control_ui.jobs.slices.run_slice"
FOLLOW_LOG = "control_ui.jobs.live_log.follow"
RESULT_SECONDS = 60
SHORT_JOB_SECONDS = 120
LONG_JOB_SECONDS = 3600


class WorkQueue:
    """Asks the workers to look for work, or to do a certain slice."""

    def __init__(self, connection: redis.Redis) -> None:
        self._control = Queue(CONTROL, connection=connection)
        self._runs = Queue(RUNS, connection=connection)
        self._live_logs = Queue(LIVE_LOGS, connection=connection)
        self._reports = Queue(REPORTS, connection=connection)

    def wake(self, job: str) -> None:
        """Have a short job look for work soon. Asking twice is like asking once; failing costs a second, until the
        clock asks."""
        try:
            self._control.enqueue(
                job, job_timeout=SHORT_JOB_SECONDS, result_ttl=RESULT_SECONDS, failure_ttl=RESULT_SECONDS
            )
        except redis.RedisError as error:
            log.warning("the work queue cannot be reached (%s): the clock will see to %s", error, job)

    def make_reports(self) -> None:
        """Have a worker look for reports to make. As with `wake`, the clock asks again."""
        try:
            self._reports.enqueue(
                MAKE_REPORTS, job_timeout=LONG_JOB_SECONDS, result_ttl=RESULT_SECONDS, failure_ttl=RESULT_SECONDS
            )
        except redis.RedisError as error:
            log.warning("the work queue cannot be reached (%s): reports have to wait", error)

    def run_slice(self, slice_id: int) -> None:
        """Have a worker do this slice. Raises redis.RedisError."""
        self._runs.enqueue(RUN_SLICE, slice_id, job_timeout=-1, result_ttl=RESULT_SECONDS, failure_ttl=RESULT_SECONDS)

    def follow_log(self, log_id: str) -> None:
        """Have a worker follow this log while somebody watches. Raises redis.RedisError."""
        self._live_logs.enqueue(
            FOLLOW_LOG, log_id, job_timeout=-1, result_ttl=RESULT_SECONDS, failure_ttl=RESULT_SECONDS
        )
