"""Sites."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from control_ui.services.devices import facts, maintenance
from control_ui.views.api.schemas.base import In, Moment, Out, PageQuery, Text
from control_ui.views.api.schemas.users import TimeZone

SiteName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=facts.LINE)]
Place = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=facts.LINE)]
Region = Annotated[str, StringConstraints(pattern=facts.WORD_OR_EMPTY)]


class MaintenanceWindow(In):
    """Hours in which a site may be worked on."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(min_length=1, max_length=7)
    start: str = Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="In the site's time zone.")
    minutes: int = Field(ge=maintenance.SHORTEST_MINUTES, le=maintenance.LONGEST_MINUTES)


class MaintenanceWindowOut(Out):
    days: list[str]
    start: str
    minutes: int


Windows = Annotated[
    list[MaintenanceWindow],
    Field(max_length=maintenance.MOST_WINDOWS, description="Empty: it may be worked on at any time."),
]


class SiteChangeIn(In):
    """What is left out stays as it is."""

    name: SiteName | None = None
    city: Place | None = None
    state: Place | None = None
    region: Region | None = None
    latitude: float | None = Field(None, ge=-90, le=90, description="Null: nobody knows.")
    longitude: float | None = Field(None, ge=-180, le=180, description="Null: nobody knows.")
    timezone: TimeZone | None = Field(None, description="Of a new site: `UTC`.")
    maintenance_windows: Windows | None = None
    reason: Text = ""

    def values(self) -> dict[str, Any]:
        """What was given, as services/devices/sites.py takes it."""
        unknown = {name: None for name in ("latitude", "longitude") if name in self.model_fields_set}
        return unknown | self.model_dump(exclude_none=True, exclude={"reason"})


class SiteIn(SiteChangeIn):
    name: SiteName


class SiteQuery(PageQuery):
    q: str | None = Field(None, max_length=100, pattern=facts.LINE, description="Is looked for in name and city.")
    region: Region | None = None


class SiteOut(Out):
    id: int
    tenant_id: int
    name: str
    city: str
    state: str
    region: str
    latitude: float | None
    longitude: float | None
    timezone: str
    maintenance_windows: list[MaintenanceWindowOut]
    row_version: int
    created_at: Moment


class SitePage(Out):
    items: list[SiteOut]
    next: str | None
