"""Once more, on the hosts that need it."""

from __future__ import annotations

from datetime import datetime

from control_ui.models import HostResult, Run
from control_ui.models.runs import FINAL_RUN_STATES, HostOutcome
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.errors import ConflictError
from control_ui.services.runs import results
from control_ui.services.runs.requests import RunRequest, request


def retry(session: ScopedSession, actor: Actor, run: Run, reason: str, now: datetime) -> Run:
    """A new run, the same but for its hosts: those that failed, could not be reached, or were not worked on to the end.

    Raises ForbiddenError, and ConflictError while it is not over or where no host needs it. Commits.
    """
    if run.state not in FINAL_RUN_STATES:
        raise ConflictError(f"this run is {run.state}: it can be retried when it has ended")
    again = {result.device_id: result for result in results.of_run(session, run.id) if _unfinished(result)}
    if not again:
        raise ConflictError("every host of this run came to a good end: there is nothing to retry")
    versions = {result.device_id: result.config_version_id for result in again.values() if result.config_version_id}
    wanted = RunRequest(
        playbook=run.playbook,
        target={"device_ids": list(again)},
        variables=run.variables,
        check_mode=run.check_mode,
        reason=reason,
        forks=run.forks,
        retry_of_id=run.id,
        rollback_of_id=run.rollback_of_id,
        config_versions=versions,
    )
    return request(session, actor, wanted, now)


def _unfinished(result: HostResult) -> bool:
    return result.outcome in (HostOutcome.FAILED, HostOutcome.UNREACHABLE, None)
