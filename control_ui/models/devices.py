"""Sites, the Pis at them, groups of Pis, and the mail that waits for a Pi."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from control_ui.models.base import Base, TenantOwned, words
from control_ui.models.configuration import ConfigVersion
from control_ui.models.secrets import SecretText


class Environment(StrEnum):
    DEV = "dev"
    STAGING = "staging"
    PRODUCTION = "production"


class DeviceStatus(StrEnum):
    ONLINE = "online"
    DEGRADED = "degraded"
    OFFLINE = "offline"
    NEVER_SEEN = "never seen"


class GroupKind(StrEnum):
    STATIC = "static"
    QUERY = "query"


class Site(TenantOwned, Base):
    """A car wash: a place with a time zone."""

    __tablename__ = "sites"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    city: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(sa.String(63), default="", index=True)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    timezone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    """IANA name."""
    maintenance_windows: Mapped[list[Any]] = mapped_column(default=list)
    """`[{"days": ["mon", ...], "start": "22:00", "minutes": 240}]` in the site's time zone; empty: any time."""
    row_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  # the form is SQLAlchemy's


class Device(TenantOwned, Base):
    """A Pi: what people say of it. What it says of itself is in DeviceState."""

    __tablename__ = "devices"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(63), index=True)
    """The `device_id` of its configuration, and its name in inventories."""
    environment: Mapped[Environment] = words(Environment)
    ring: Mapped[str] = mapped_column(sa.String(63), default="main")
    hardware: Mapped[str] = mapped_column(sa.String(63), default="")
    labels: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Free labels, text to text."""
    address: Mapped[str] = mapped_column(sa.String(253), default="")
    """Where SSH finds it; empty for a Pi that cannot be reached from outside."""
    ssh_port: Mapped[int] = mapped_column(default=22)
    ssh_user: Mapped[str] = mapped_column(sa.String(63), default="ops")
    ssh_host_keys: Mapped[list[str]] = mapped_column(default=list)
    """`ssh-ed25519 AAAA...`, as recorded at registration. Without one no SSH connection is made."""
    token_sha256: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    """Of the device token; None before registration and after revocation."""
    previous_token_sha256: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    """Still taken while a rotated token has not been used yet."""
    registered_at: Mapped[datetime | None]
    camera_host: Mapped[str] = mapped_column(sa.String(253), default="")
    camera_port: Mapped[int] = mapped_column(default=554)
    camera_path: Mapped[str] = mapped_column(SecretText, default="/")
    """Some cameras take their password in it."""
    camera_user: Mapped[str] = mapped_column(default="")
    camera_password: Mapped[str | None] = mapped_column(SecretText)
    camera_password_revision: Mapped[int] = mapped_column(default=0)
    """Counted up with each new password: stands for it wherever contents are compared or hashed."""
    api_keys: Mapped[list[Any]] = mapped_column(default=list)
    """`[{"name", "sha256", "expires_at"?}]` of the car wash controllers."""
    template_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_templates.id"), index=True)
    config_override: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Laid over everything else, deeply."""
    held_reason: Mapped[str] = mapped_column(default="")
    """Not empty: no mutating run touches it (quarantine), and why."""
    row_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    site: Mapped[Site] = relationship(lazy="joined", innerjoin=True)
    state: Mapped[DeviceState] = relationship(back_populates="device", lazy="joined", innerjoin=True)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  # the form is SQLAlchemy's


class DeviceState(TenantOwned, Base):
    """What a Pi last said, and what it is wanted to run: one row a device, written with every check-in."""

    __tablename__ = "device_states"

    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), primary_key=True)
    status: Mapped[DeviceStatus] = words(DeviceStatus, index=True)
    status_reasons: Mapped[list[str]] = mapped_column(default=list)
    status_since: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    """Silent until then, it counts as offline."""
    config_version: Mapped[int | None]
    """The number in force, as reported."""
    release: Mapped[str] = mapped_column(sa.String(63), default="")
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`{status, stream, metrics}` of the last check-in, redacted."""
    sampled_at: Mapped[datetime | None]
    """When a DeviceSample was last kept."""
    desired_config_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_versions.id"), index=True)
    desired_at: Mapped[datetime | None]
    """Since when it is wanted."""
    desired_expires_at: Mapped[datetime | None]
    """After this it is no longer offered to a Pi that was away."""

    device: Mapped[Device] = relationship(back_populates="state")
    desired_config: Mapped[ConfigVersion | None] = relationship(lazy="joined")
    config_in_force: Mapped[ConfigVersion | None] = relationship(
        viewonly=True,
        primaryjoin=lambda: sa.and_(
            DeviceState.device_id == sa.orm.foreign(ConfigVersion.device_id),
            DeviceState.config_version == sa.orm.foreign(ConfigVersion.number),
        ),
    )
    """What the reported number stands for; None where it did not come from here."""
    open_actions: Mapped[list[DeviceAction]] = relationship(
        viewonly=True,
        primaryjoin=lambda: sa.and_(
            DeviceState.device_id == sa.orm.foreign(DeviceAction.device_id), DeviceAction.finished_at.is_(None)
        ),
        order_by=lambda: DeviceAction.created_at,
    )
    """Not carried out yet, as far as is known here."""


class EnrolmentToken(TenantOwned, Base):
    """Lets one Pi register once."""

    __tablename__ = "enrolment_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    device: Mapped[Device] = relationship()


class Group(TenantOwned, Base):
    """Some devices of a tenant: a list, or whatever a label query finds at the moment."""

    __tablename__ = "groups"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(63))
    description: Mapped[str] = mapped_column(default="")
    kind: Mapped[GroupKind] = words(GroupKind)
    label_query: Mapped[str] = mapped_column(default="")
    """For example `ring=canary,region in (west,south),camera!=axis`."""
    priority: Mapped[int] = mapped_column(default=0)
    """Of two groups of a device, the override of the one with the higher priority wins."""
    config_override: Mapped[dict[str, Any]] = mapped_column(default=dict)
    row_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  # the form is SQLAlchemy's


class GroupMember(TenantOwned, Base):
    """A device in a static group."""

    __tablename__ = "group_members"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), primary_key=True, index=True)


class DeviceAction(TenantOwned, Base):
    """Something a Pi is asked to do at its next check-in, once, unless it has expired by then."""

    __tablename__ = "device_actions"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    """A UUID: by it the Pi knows what it has done already."""
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(24))
    """restart_stream, restart_units, reboot or diagnose."""
    reason: Mapped[str] = mapped_column(default="")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    offered_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(sa.String(24))
    """started, ok, failed, refused, or expired where no answer ever came."""
    detail: Mapped[Any | None] = mapped_column(sa.JSON)
    finished_at: Mapped[datetime | None]
