"""Templates, their immutable versions, and the immutable configurations that were made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from control_ui.models.base import Base, TenantOwned
from control_ui.models.secrets import SecretJson


class ConfigTemplate(TenantOwned, Base):
    """A named line of versions. Its `row_version` is the ETag that a writer must show."""

    __tablename__ = "config_templates"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    description: Mapped[str] = mapped_column(default="")
    latest_number: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]
    row_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  # the form is SQLAlchemy's


class TemplateVersion(TenantOwned, Base):
    """One version of a template. Never changes."""

    __tablename__ = "template_versions"
    __table_args__ = (sa.UniqueConstraint("template_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(sa.ForeignKey("config_templates.id"), index=True)
    number: Mapped[int]
    body: Mapped[dict[str, Any]]
    """Settings of the configuration schema; text values may hold Jinja2 expressions over site and device."""
    overlays: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`{"dev": {...}, "staging": {...}, "production": {...}}`, laid over the body in that environment."""
    note: Mapped[str] = mapped_column(default="")
    content_sha256: Mapped[str] = mapped_column(sa.String(64))
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]

    template: Mapped[ConfigTemplate] = relationship(lazy="joined", innerjoin=True)


class ConfigVersion(TenantOwned, Base):
    """One configuration of one device, whole. Never changes, but for the key its document is encrypted with.

    Numbers of a device only grow: going back to an old content is a new number that `restores` the old one.
    """

    __tablename__ = "config_versions"
    __table_args__ = (sa.UniqueConstraint("device_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), index=True)
    number: Mapped[int]
    """The `version` of the document."""
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_versions.id"))
    restores_id: Mapped[int | None] = mapped_column(sa.ForeignKey("config_versions.id"))
    template_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("template_versions.id"), index=True)
    document: Mapped[dict[str, Any]] = mapped_column(SecretJson)
    """What the Pi gets, camera password included."""
    shown: Mapped[dict[str, Any]]
    """The document as it may be shown: redacted."""
    origins: Mapped[dict[str, Any]]
    """From which layer each value comes, by JSON path: `{"$.jpeg_quality": "group:west"}`."""
    content_sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    """Of the shown document without its version, and the revision of the camera password: equal content, equal hash,
    and nobody can guess a password by it."""
    reason: Mapped[str] = mapped_column(default="")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]

    template_version: Mapped[TemplateVersion | None] = relationship()


class ImmutableError(RuntimeError):
    """A programming mistake: a version was to be changed."""


@event.listens_for(ConfigVersion, "before_update")
@event.listens_for(TemplateVersion, "before_update")
def _refuse_change(_mapper: Mapper[Any], _connection: sa.Connection, row: Any) -> None:
    """The document may be encrypted anew; the database guards template versions, too (see the second migration)."""
    changed = {state.key for state in sa.inspect(row).attrs if state.history.has_changes()} - {"document"}
    if changed:
        raise ImmutableError(f"a {type(row).__name__} never changes, and {', '.join(sorted(changed))} was to")
