"""The job that moves deployments, as the clock and the work queue call it."""

from __future__ import annotations

from datetime import UTC, datetime

import redis
from rq import Queue

from control_ui.jobs import deployments
from control_ui.jobs.context import make_context, using
from control_ui.models.scope import SessionFactory
from control_ui.settings import Settings
from control_ui.work_queue import CONTROL, DISPATCH
from tests.control_ui.deployments.conftest import make_stage
from tests.control_ui.deployments.site import Direct


def test_it_moves_deployments_and_has_their_runs_dispatched(
    settings: Settings, sessions: SessionFactory, redis_client: redis.Redis
) -> None:
    stage = make_stage(sessions, Direct(sessions), "pi-1", now=datetime.now(UTC))
    stage.new_version(jpeg_quality=70)
    made = stage.deploy()
    here = make_context(settings)
    with using(here):
        deployments.advance()
        assert stage.progress(made) == {"pi-1": "delivering"}
        queued = [job.func_name for job in Queue(CONTROL, connection=redis_client).jobs]
        assert queued == [DISPATCH]
        deployments.advance()
    here.close()
    assert len(Queue(CONTROL, connection=redis_client).jobs) == 1
