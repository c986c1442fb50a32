"""Runs of playbooks: what was asked, what happened on each host, who holds which device, and the way back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from control_ui.models.base import Base, TenantOwned, TenantStamped, words


class RunState(StrEnum):
    """`proposed` waits for an approval; the last five are final."""

    PROPOSED = "proposed"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELED = "canceled"
    LOST = "lost"


FINAL_RUN_STATES = (RunState.SUCCEEDED, RunState.PARTIAL, RunState.FAILED, RunState.CANCELED, RunState.LOST)


class SliceState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELED = "canceled"
    LOST = "lost"


class HostOutcome(StrEnum):
    """What came of one host. Unreachable is no failure of the run; held was left out on purpose."""

    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"
    HELD = "held"


class HostProgress(StrEnum):
    """Where a host stands; `interrupted`: something had begun on it when the run was canceled or lost."""

    PENDING = "pending"
    IN_FLIGHT = "in flight"
    DONE = "done"
    INTERRUPTED = "interrupted"


class Decision(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class Run(TenantOwned, Base):
    """One playbook on some devices. `state` moves by compare-and-swap only, and no run is ever started twice."""

    __tablename__ = "runs"
    __table_args__ = (sa.Index("ix_runs_tenant_requested", "tenant_id", "requested_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    playbook: Mapped[str] = mapped_column(sa.String(63))
    """Name without `.yml`."""
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    target: Mapped[dict[str, Any]]
    """As it was asked for: `{"device_ids" | "group_id" | "query" | "all" | "failed_of": ...}`."""
    check_mode: Mapped[bool] = mapped_column(default=False)
    diff: Mapped[bool] = mapped_column(default=True)
    mutating: Mapped[bool]
    """Whether it needs the devices for itself: false for check mode and for playbooks that only look."""
    forks: Mapped[int]
    state: Mapped[RunState] = words(RunState, index=True)
    reason: Mapped[str] = mapped_column(default="")
    """Why, in the words of who asked."""
    requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    requested_by: Mapped[str]
    """Name of the person, the schedule, or the part of the system."""
    requested_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    waiting_for_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("runs.id"))
    """The run that holds a device this one needs."""
    cancel_requested_at: Mapped[datetime | None]
    cancel_requested_by: Mapped[str | None]
    retry_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("runs.id"))
    check_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("runs.id"), index=True)
    """The proposed run whose effect this check-mode run shows."""
    rollback_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("runs.id"), index=True)
    deployment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("deployments.id"), index=True)
    schedule_id: Mapped[int | None] = mapped_column(sa.ForeignKey("schedules.id"), index=True)
    revision: Mapped[str] = mapped_column(default="")
    """Of the playbooks' checkout: commit, and whether it was clean."""
    diff_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    """Of the diffs of all hosts, in the order of their names; what an approval is bound to."""
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Hosts by outcome, `in flight`, `pending` and `total`; exact once the run has ended."""
    error: Mapped[str] = mapped_column(default="")
    """Why the run as a whole went wrong, redacted."""


class RunSlice(TenantOwned, Base):
    """The part of a run that one worker does. `state` moves by compare-and-swap only."""

    __tablename__ = "run_slices"
    __table_args__ = (sa.UniqueConstraint("run_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("runs.id"), index=True)
    number: Mapped[int]
    state: Mapped[SliceState] = words(SliceState, index=True)
    worker: Mapped[str] = mapped_column(default="")
    """Host name and process id."""
    inventory_token_sha256: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    """Of the token with which this slice reads its inventory, while it runs."""
    queued_at: Mapped[datetime | None]
    """When it was last put on the work queue."""
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    private_data_dir: Mapped[str] = mapped_column(default="")
    exit_code: Mapped[int | None]
    error: Mapped[str] = mapped_column(default="")

    run: Mapped[Run] = relationship()


class HostResult(TenantOwned, Base):
    """One host of a run."""

    __tablename__ = "host_results"
    __table_args__ = (sa.UniqueConstraint("run_id", "device_id"), sa.Index("ix_host_results_device", "device_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("runs.id"))
    slice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("run_slices.id"), index=True)
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"))
    host: Mapped[str] = mapped_column(sa.String(63))
    progress: Mapped[HostProgress] = words(HostProgress)
    outcome: Mapped[HostOutcome | None] = words(HostOutcome, nullable=True)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Ansible's own: ok, changed, failures, skipped, unreachable, rescued, ignored."""
    message: Mapped[str] = mapped_column(default="")
    """The first failure's words, or why the host was held; redacted."""
    diffs: Mapped[list[Any]] = mapped_column(default=list)
    """What changed or would change: `[{task, before_header, after_header, before, after}]`, redacted and bounded."""
    config_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_versions.id"))
    """The configuration this host is given by the run; None: whatever is desired when it begins."""
    inputs_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    """Of what its diffs depend on (device, site, configuration), in a run that shows what a proposed one would do."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class RunEvent(TenantStamped, Base):
    """One of Ansible's events. Partitioned by time on PostgreSQL, pruned by time everywhere."""

    __tablename__ = "run_events"
    __table_args__ = (
        sa.PrimaryKeyConstraint("slice_id", "counter", "at"),
        sa.Index("ix_run_events_run_host", "run_id", "host"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    slice_id: Mapped[int]
    counter: Mapped[int]
    at: Mapped[datetime]
    run_id: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(48))
    host: Mapped[str | None] = mapped_column(sa.String(63))
    play: Mapped[str] = mapped_column(default="")
    task: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str | None] = mapped_column(sa.String(24))
    duration_seconds: Mapped[float | None]
    stdout: Mapped[str] = mapped_column(default="")
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)


class DeviceLock(TenantOwned, Base):
    """A mutating run holds this device. The primary key is what makes it one at a time."""

    __tablename__ = "device_locks"

    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("runs.id"), index=True)
    acquired_at: Mapped[datetime]


class RollbackPoint(TenantOwned, Base):
    """What a device ran before a mutating run touched it."""

    __tablename__ = "rollback_points"
    __table_args__ = (sa.UniqueConstraint("run_id", "device_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("runs.id"))
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), index=True)
    config_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_versions.id"))
    """None where the Pi ran a configuration that did not come from here."""
    config_number: Mapped[int | None]
    release: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class Approval(TenantOwned, Base):
    """The second pair of eyes on one proposed run or deployment, bound to the diff that was seen."""

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("runs.id"), index=True)
    deployment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("deployments.id"), index=True)
    requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    diff_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    """Of what was decided on; set with the decision."""
    decision: Mapped[Decision | None] = words(Decision, nullable=True)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    comment: Mapped[str] = mapped_column(default="")


class Schedule(TenantOwned, Base):
    """Starts a run again and again, by a cron expression in a time zone."""

    __tablename__ = "schedules"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    cron: Mapped[str] = mapped_column(sa.String(100))
    timezone: Mapped[str] = mapped_column(sa.String(64))
    playbook: Mapped[str] = mapped_column(sa.String(63))
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    target: Mapped[dict[str, Any]]
    check_mode: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    last_error: Mapped[str] = mapped_column(default="")
    """Why the last tick started no run; empty where it did."""
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    row_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  # the form is SQLAlchemy's
