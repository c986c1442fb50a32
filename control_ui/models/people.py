"""Tenants, the people in them, and what they show at the door."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from control_ui.models.base import Base, Walled, words


class Role(StrEnum):
    """In a tenant; `PLATFORM_ADMIN` across all of them. What each may do is in services/permissions.py."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    AUDITOR = "auditor"
    PLATFORM_ADMIN = "platform_admin"


class Tenant(Base):
    """A car wash company. A scoped session sees its own only."""

    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(63), unique=True)
    name: Mapped[str]
    timezone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    requires_approval: Mapped[bool] = mapped_column(default=False)
    """Four eyes: mutating runs and deployments wait until another person has approved their diff."""
    log_retention_days: Mapped[int] = mapped_column(default=30)
    event_retention_days: Mapped[int] = mapped_column(default=90)
    sample_retention_days: Mapped[int] = mapped_column(default=90)
    row_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  # the form is SQLAlchemy's


class User(Walled, Base):
    """A person. `tenant_id` is None for platform administrators, whom no tenant's session sees."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    """In lower case."""
    name: Mapped[str]
    role: Mapped[Role] = words(Role)
    password_hash: Mapped[str]
    timezone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    password_expires_at: Mapped[datetime | None]
    """Set while the password is a one-time one, which its owner has to replace before anything else."""
    session_epoch: Mapped[int] = mapped_column(default=1)
    """Counted up to end every session and access token of this person at once."""
    disabled_at: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    tenant: Mapped[Tenant | None] = relationship()


class SignInKind(StrEnum):
    """What was opened with the password."""

    PAGES = "pages"
    API = "api"


class SignIn(Walled, Base):
    """One password shown at the door, and what has come of it: a session of the pages, or access and refresh tokens."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    kind: Mapped[SignInKind] = words(SignInKind)
    remote_address: Mapped[str] = mapped_column(sa.String(45))
    user_agent: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """When it was used last, give or take a minute."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    """However much it is used."""
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class RefreshToken(Walled, Base):
    """One link of a sign-in's chain of refresh tokens. An old one that comes back ends the sign-in."""

    __tablename__ = "refresh_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    sign_in_id: Mapped[int] = mapped_column(sa.ForeignKey("sign_ins.id", ondelete="CASCADE"), index=True)
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    sign_in: Mapped[SignIn] = relationship()


class ApiToken(Walled, Base):
    """A personal token for programs: its owner's rights, narrowed to its scopes, until it expires."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    name: Mapped[str]
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
