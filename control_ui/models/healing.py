"""What the control plane does by itself for a device that could not help itself: rules, cases, attempts, the switch."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from control_ui.models import base
from control_ui.models.base import Base, TenantOwned, words


class RuleAction(StrEnum):
    """What a rule does. `person`: nothing; somebody is called."""

    RESTART_STREAM = "restart stream"
    RESTART_UNITS = "restart units"
    RESTART_AGENT = "restart agent"
    REBOOT = "reboot"
    REDEPLOY_CONFIGURATION = "redeploy configuration"
    ROLL_BACK_CONFIGURATION = "roll back configuration"
    RESTORE_CONFIGURATION = "restore configuration"
    """What is wanted gets a new number, higher than that of what somebody put in force at the Pi."""
    QUARANTINE = "quarantine"
    PERSON = "person"


class Then(StrEnum):
    """What follows when a rule's attempts are used up."""

    NEXT = "next"
    PERSON = "person"


class CaseState(StrEnum):
    """`escalated`: a person is needed; it goes on until the device is well again."""

    OPEN = "open"
    ESCALATED = "escalated"
    CLOSED = "closed"


class ActionState(StrEnum):
    """How an attempt stands. `done`: carried out, and nothing to be seen of it (a quarantine)."""

    RUNNING = "running"
    HEALED = "healed"
    NOT_HEALED = "not healed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    DONE = "done"


class RuleColumns:
    """One step against one condition. Steps of a condition are taken in their order."""

    id: Mapped[int] = mapped_column(primary_key=True)
    condition: Mapped[str] = mapped_column(sa.String(48))
    """One of services/healing/conditions.py."""
    step: Mapped[int]
    after_seconds: Mapped[int]
    """So long the condition must have lasted."""
    action: Mapped[RuleAction] = words(RuleAction)
    cooldown_seconds: Mapped[int]
    """Between an attempt's end and the next attempt on the same device."""
    most_attempts: Mapped[int]
    window_seconds: Mapped[int]
    """In so long no more than `most_attempts`, over all cases of this condition."""
    then: Mapped[Then] = words(Then)
    unattended: Mapped[bool]
    """At tenants that ask for four eyes: carried out all the same, for whoever wrote the rule has approved it."""
    enabled: Mapped[bool] = mapped_column(default=True)


class HealingDefault(RuleColumns, Base):
    """The platform's rule: in force for every tenant that has none of its own for this condition and step."""

    __tablename__ = "healing_defaults"
    __table_args__ = (sa.UniqueConstraint("condition", "step"),)

    row_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  # the form is SQLAlchemy's


class HealingRule(RuleColumns, TenantOwned, Base):
    """A tenant's own, instead of the platform's."""

    __tablename__ = "healing_rules"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "condition", "step"),)

    row_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  # the form is SQLAlchemy's


class HealingCase(TenantOwned, Base):
    """One condition of one device, from when it was first seen until it is over. `state` moves by compare-and-swap."""

    __tablename__ = "healing_cases"
    __table_args__ = (sa.Index("ix_healing_cases_device_opened", "device_id", "opened_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"))
    condition: Mapped[str] = mapped_column(sa.String(48))
    cause: Mapped[str] = mapped_column(sa.String(48))
    """The likely one, of a bounded set: a label of metrics."""
    words: Mapped[str]
    """For a person."""
    since: Mapped[datetime]
    opened_at: Mapped[datetime]
    state: Mapped[CaseState] = base.words(CaseState, index=True)
    note: Mapped[str] = mapped_column(default="")
    """Why nothing is done at the moment, or why a person is needed, or how it ended."""
    escalated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    incident_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incidents.id"), index=True)
    """The wide outage it is part of."""


class HealingAction(TenantOwned, Base):
    """One attempt: written in the transaction that asks for its run, so that neither is there without the other."""

    __tablename__ = "healing_actions"
    __table_args__ = (sa.Index("ix_healing_actions_device_started", "device_id", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("healing_cases.id"), index=True)
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"))
    condition: Mapped[str] = mapped_column(sa.String(48))
    cause: Mapped[str] = mapped_column(sa.String(48))
    step: Mapped[int]
    action: Mapped[RuleAction] = words(RuleAction)
    attempt: Mapped[int]
    """1, 2, 3 ... of its rule, within the rule's window."""
    reason: Mapped[str]
    state: Mapped[ActionState] = words(ActionState, index=True)
    note: Mapped[str] = mapped_column(default="")
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("runs.id"), index=True)
    mailbox_id: Mapped[str | None] = mapped_column(sa.ForeignKey("device_actions.id"))
    deployment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("deployments.id"))
    started_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    """When the run, or the Pi, said that it was through."""
    finished_at: Mapped[datetime | None]
    """When its result was known from evidence."""


class HealingSwitch(Base):
    """One row (id 1): locked by whoever starts or ends an attempt, so that two clocks together start no more than one.

    Not of a tenant: everybody may see whether the platform heals."""

    __tablename__ = "healing_switch"

    id: Mapped[int] = mapped_column(primary_key=True)
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[str] = mapped_column(default="")
    pause_reason: Mapped[str] = mapped_column(default="")
    last_round_at: Mapped[datetime | None]
    brake: Mapped[str] = mapped_column(default="")
    """Why attempts that were due were not made in the last round; empty while none was held back."""


class HealingPause(TenantOwned, Base):
    """A tenant's own switch: there while it is off."""

    __tablename__ = "healing_pauses"
    __table_args__ = (sa.UniqueConstraint("tenant_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    paused_at: Mapped[datetime]
    paused_by: Mapped[str]
    reason: Mapped[str]


class Degradation(TenantOwned, Base):
    """A device that gets worse, noticed before it fails."""

    __tablename__ = "degradations"
    __table_args__ = (sa.Index("ix_degradations_device_since", "device_id", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"))
    kind: Mapped[str] = mapped_column(sa.String(48))
    words: Mapped[str]
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    since: Mapped[datetime]
    seen_at: Mapped[datetime]
    over_at: Mapped[datetime | None] = mapped_column(index=True)


class DeliveryState(StrEnum):
    """`unknown`: whoever sent it died meanwhile; it is not sent again, for it may have arrived."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


class SummaryDelivery(Base):
    """The summary of one day through one channel. The platform's own."""

    __tablename__ = "summary_deliveries"
    __table_args__ = (sa.UniqueConstraint("day", "channel"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(sa.String(10))
    """`2026-03-04`, in UTC."""
    channel: Mapped[str] = mapped_column(sa.String(24))
    """mail or webhook."""
    state: Mapped[DeliveryState] = words(DeliveryState)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
