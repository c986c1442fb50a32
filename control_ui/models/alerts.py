"""Alerts as Alertmanager tells them, and the incidents they are part of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from control_ui.models.base import Base, Walled, words


class AlertState(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


class Incident(Walled, Base):
    """Alerts with one likely cause. `tenant_id` is None where the platform itself suffers."""

    __tablename__ = "incidents"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    cause: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Alert(Walled, Base):
    """One alert from its start to its end. `tenant_id` is None where it is the platform's."""

    __tablename__ = "alerts"
    __table_args__ = (sa.UniqueConstraint("fingerprint", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("devices.id"), index=True)
    incident_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incidents.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    """Alertmanager's hash of the labels."""
    name: Mapped[str] = mapped_column(sa.String(100))
    severity: Mapped[str] = mapped_column(sa.String(24))
    state: Mapped[AlertState] = words(AlertState, index=True)
    labels: Mapped[dict[str, Any]]
    annotations: Mapped[dict[str, Any]] = mapped_column(default=dict)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    acknowledged_by: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    listed_since: Mapped[datetime | None]
    """When the Alertmanager was started that listed it last: one that was started later may not know of it yet."""
    listed_starts_at: Mapped[datetime | None]
    """When it began as that Alertmanager has it: after a restart of all, it says later."""
    escalates_at: Mapped[datetime | None]
    """When it goes to the next receiver, if nobody acknowledges it."""
    silenced_by: Mapped[str] = mapped_column(default="")
    """Who silenced it beside this control plane, and why: `alice: replacing the switch`."""
    inhibited_by: Mapped[str] = mapped_column(default="")
    """Names of the alerts while which fire nobody is told of this one."""


class Silence(Walled, Base):
    """Alerts that are known and are not counted until a time. `tenant_id` is None for the platform's own alerts."""

    __tablename__ = "silences"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), default="")
    """Of the alerts; empty for whatever they are called."""
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"), index=True)
    """None for every site."""
    comment: Mapped[str]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    lifted_at: Mapped[datetime | None]
    """When somebody ended it before its time."""
    lifted_by: Mapped[str] = mapped_column(default="")


class AlertmanagerState(Base):
    """How the last question to Alertmanager ended. One row, nobody's; none where no Alertmanager is asked."""

    __tablename__ = "alertmanager_states"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]
    """When it answered last."""
    started_at: Mapped[datetime | None]
    """When the one that answered last was started."""
    problem: Mapped[str] = mapped_column(default="")
    """Why it did not answer, or refused something; empty while all is well."""
