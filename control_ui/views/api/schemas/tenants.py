"""Tenants."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from control_ui.views.api.schemas.base import In, Moment, Name, Out, Slug, Text
from control_ui.views.api.schemas.users import TimeZone

Days = Annotated[int, Field(ge=1, le=3650)]


class TenantOut(Out):
    id: int
    slug: str
    name: str
    timezone: str
    requires_approval: bool = Field(description="Mutating runs and deployments wait for a second person.")
    log_retention_days: int
    event_retention_days: int
    sample_retention_days: int
    row_version: int
    created_at: Moment


class TenantPage(Out):
    items: list[TenantOut]
    next: str | None


class TenantIn(In):
    slug: Slug
    name: Name
    timezone: TimeZone = "UTC"
    requires_approval: bool = False
    reason: Text = ""


class TenantChangeIn(In):
    """What is left out stays as it is."""

    name: Name | None = None
    timezone: TimeZone | None = None
    requires_approval: bool | None = None
    log_retention_days: Days | None = None
    event_retention_days: Days | None = None
    sample_retention_days: Days | None = None
    reason: Text = ""
