"""Runs of playbooks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from control_ui.models.runs import Decision, HostOutcome, HostProgress, RunState
from control_ui.views.api.schemas.base import In, Json, Moment, Name, Out, PageQuery, RowId, Text
from control_ui.views.api.schemas.playbooks import Variables
from control_ui.views.api.schemas.targets import Target

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
HostName = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
PlaybookName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,62}$")]
Unit = Literal["carwash-stream", "carwash-snapshot", "carwash-agent"]
MOST_FORKS = 500


class RunIn(In):
    """What is to be run on what."""

    playbook: PlaybookName
    target: Target
    variables: Variables = Field(default_factory=dict, description="As the playbook's schema has them; no credentials.")
    check_mode: bool = Field(False, description="Show what would change, and change nothing.")
    reason: Text = ""
    not_before: Moment | None = Field(None, description="Wait until then.")
    forks: int | None = Field(None, ge=1, le=MOST_FORKS, description="Hosts at a time; null: as is usual here.")


class RunQuery(PageQuery):
    """Which runs."""

    state: list[RunState] = Field(default_factory=list, max_length=len(RunState))
    playbook: Name | None = None
    device_id: RowId | None = Field(None, description="That were for this device.")
    deployment_id: RowId | None = None
    schedule_id: RowId | None = None
    requested_by: Name | None = Field(None, description="As the run has it.")
    since: Moment | None = Field(None, description="Asked for at this time or later.")
    until: Moment | None = Field(None, description="Asked for before.")


class RunOut(Out):
    """A run. `counts` are its hosts by outcome, those without one by progress, and their `total`."""

    id: int
    playbook: str
    variables: Json
    target: Json
    check_mode: bool
    mutating: bool = Field(description="Whether it needs its devices for itself.")
    forks: int
    state: RunState
    reason: str
    requested_by_id: int | None
    requested_by: str
    requested_at: Moment
    not_before: Moment | None
    started_at: Moment | None
    finished_at: Moment | None
    waiting_for_run_id: int | None = Field(description="The run that holds a device this one needs.")
    cancel_requested_at: Moment | None
    cancel_requested_by: str | None
    retry_of_id: int | None
    check_of_id: int | None = Field(description="The proposed run whose effect this one shows.")
    rollback_of_id: int | None
    deployment_id: int | None
    schedule_id: int | None
    revision: str = Field(description="Of the playbooks: the commit, and a digest of what differs from it.")
    diff_sha256: str | None = Field(description="Of what a proposed run would change; what an approval is bound to.")
    counts: dict[str, int]
    error: str


class ApprovalOut(Out):
    """A second person's decision on a run or a deployment. Nobody has decided yet where `decision` is null."""

    id: int
    run_id: int | None
    deployment_id: int | None
    requested_by_id: int | None
    requested_at: Moment
    expires_at: Moment
    diff_sha256: str | None = Field(description="Of the diff that was decided on.")
    decision: Decision | None
    decided_by_id: int | None
    decided_at: Moment | None
    comment: str


class RunDetailOut(RunOut):
    """A run, with its approval where it needs one."""

    approval: ApprovalOut | None = None
    check_run_id: int | None = Field(None, description="The check-mode run that shows what would change.")


class RunPage(Out):
    items: list[RunOut]
    next: str | None


class HostQuery(PageQuery):
    outcome: list[HostOutcome] = Field(default_factory=list, max_length=len(HostOutcome), description="Any of these.")


class HostOut(Out):
    """One host of a run."""

    device_id: int
    host: str
    progress: HostProgress
    outcome: HostOutcome | None
    counts: dict[str, int] = Field(description="Tasks, as Ansible counts them.")
    message: str = Field(description="Why it failed or was held.")
    config_version_id: int | None
    started_at: Moment | None
    finished_at: Moment | None


class HostDetailOut(HostOut):
    diffs: list[dict[str, Any]] = Field(description="What changed or would change, task by task.")


class HostPage(Out):
    items: list[HostOut]
    next: str | None


class EventQuery(PageQuery):
    host: HostName | None = Field(None, description="Of this host only.")


class EventOut(Out):
    """One of Ansible's events."""

    slice_id: int
    counter: int = Field(description="Counts the events of a slice from 1.")
    at: Moment
    kind: str
    host: str | None
    play: str
    task: str
    outcome: str | None
    duration_seconds: float | None
    stdout: str
    result: Json


class EventPage(Out):
    items: list[EventOut]
    next: str | None = Field(description="Goes on after these; null once the run has ended and these were the last.")


class OutputQuery(In):
    tail: int | None = Field(None, ge=1, le=10_000, description="Only the last so many lines.")
    host: HostName | None = Field(None, description="Only what is about this host.")
    download: bool = Field(False, description="As a file.")


class ProgressOut(Out):
    """How far a run is. `live`: told by its workers just now, else counted from what they have stored."""

    state: RunState
    counts: dict[str, int]
    tasks: list[str] = Field(description="What is under way.")
    live: bool


class DecisionIn(In):
    decision: Decision
    diff_sha256: Sha256 = Field(description="Of the diff that you have seen: `diff_sha256` of the run.")
    comment: Text = ""


class ApprovalQuery(PageQuery):
    waiting: bool = Field(True, description="Those that nobody has decided on; false: all.")


class ApprovalPage(Out):
    items: list[ApprovalOut]
    next: str | None


class RestartIn(In):
    via: Literal["ssh", "agent"] = Field("ssh", description="`agent`: by the Pi itself, at its next check-in.")
    units: list[Unit] = Field(default_factory=list, max_length=3, description="Only these; by SSH only.")
    reason: Text = ""


class RestartOut(Out):
    """The run, or the action in the Pi's mailbox, that restarts the device."""

    run_id: int | None
    action_id: str | None


class RollbackPointQuery(PageQuery):
    run_id: RowId | None = None
    device_id: RowId | None = None


class RollbackPointOut(Out):
    """What a device ran before a mutating run touched it."""

    id: int
    run_id: int
    device_id: int
    config_version_id: int | None = Field(description="Null where the configuration did not come from here.")
    config_number: int | None
    release: str
    created_at: Moment


class RollbackPointPage(Out):
    items: list[RollbackPointOut]
    next: str | None
