"""Templates and their versions."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from control_ui.models import ConfigTemplate, TemplateVersion
from control_ui.services.configuration.diff import Difference
from control_ui.services.configuration.templates import Content
from control_ui.views.api.schemas.base import In, Json, Moment, Name, Out, PageQuery, Text
from control_ui.views.api.schemas.configuration import DifferenceOut

BODY = "Settings of config.schema.json, any but `version` and `device_id`. Texts may hold {{ expressions }}."
OVERLAYS = '`{"dev": {...}, "staging": {...}, "production": {...}}`: laid over the body in that environment.'


class TemplateContentIn(In):
    """What a version says. null as a value takes a setting away that a lower layer has set."""

    body: Json = Field(description=BODY)
    overlays: Json = Field(default_factory=dict, description=OVERLAYS)
    note: Text = Field("", description="What is new in this version.")
    reason: Text = ""

    def content(self) -> Content:
        return Content(self.body, self.overlays, self.note)


class TemplateCreateIn(TemplateContentIn):
    name: Name
    description: Text = ""


class TemplateUpdateIn(TemplateContentIn):
    """The whole content of the next version. Equal content makes none."""

    name: Name | None = Field(None, description="As before where it is left out.")
    description: Text | None = Field(None, description="As before where it is left out.")

    def words(self) -> dict[str, str]:
        return self.model_dump(include={"name", "description"}, exclude_none=True)


class TemplateQuery(PageQuery):
    archived: bool = Field(False, description="Those in the archive instead of those in use.")
    text: Name | None = Field(None, description="Part of the name.")


class TemplateSummary(Out):
    id: int
    name: str
    description: str
    latest_number: int
    archived_at: Moment | None
    row_version: int
    created_at: Moment


class TemplatePage(Out):
    items: list[TemplateSummary]
    next: str | None


class TemplateVersionSummary(Out):
    id: int
    template_id: int
    number: int
    note: str
    content_sha256: str
    created_by_id: int | None
    created_at: Moment


class TemplateVersionPage(Out):
    items: list[TemplateVersionSummary]
    next: str | None


class TemplateOut(TemplateSummary):
    """A template with what its latest version says."""

    body: dict[str, Any]
    overlays: dict[str, Any]
    note: str

    @classmethod
    def of(cls, template: ConfigTemplate, version: TemplateVersion) -> TemplateOut:
        summary = TemplateSummary.model_validate(template).model_dump()
        return cls(**summary, body=version.body, overlays=version.overlays, note=version.note)


class TemplateVersionOut(TemplateVersionSummary):
    """One version, whole, and how it differs from the one before."""

    body: dict[str, Any]
    overlays: dict[str, Any]
    difference: DifferenceOut

    @classmethod
    def of(cls, version: TemplateVersion, difference: Difference) -> TemplateVersionOut:
        summary = TemplateVersionSummary.model_validate(version).model_dump()
        shown = DifferenceOut.model_validate(difference)
        return cls(**summary, body=version.body, overlays=version.overlays, difference=shown)
