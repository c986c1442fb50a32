"""Configurations of devices: what one would get, has and had, and how any two differ."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from control_ui.models import ConfigVersion
from control_ui.services.configuration import schema
from control_ui.services.configuration.device_configuration import Current, Dry
from control_ui.services.configuration.diff import Difference
from control_ui.services.configuration.rendering import Rendered
from control_ui.views.api.schemas.base import In, Json, Moment, Out, RowId, Text
from control_ui.views.api.schemas.problem import ProblemFault

SHOWN = "The configuration, passwords masked."
EFFECTIVE = "The same with the schema's defaults filled in: what the Pi makes of it."
ORIGINS = "By path, the layer a value comes from: `template:<name>@<number>`, `overlay:<environment>`,"
ORIGINS += " `group:<name>`, `device`, `system`, `default`."


class DeviceConfigIn(In):
    """What is left out stays as it is."""

    template_id: RowId | None = Field(None, description="null: no template.")
    config_override: Json = Field(default_factory=dict, description="Laid over all other layers, deeply.")
    deploy: bool = Field(False, description="Make the configuration and want it, so that the Pi fetches it.")
    reason: Text = ""

    def values(self) -> dict[str, Any]:
        return self.model_dump(include={"template_id", "config_override"}, exclude_unset=True)


class GroupConfigIn(In):
    config_override: Json = Field(description="Laid over the templates of the group's devices, deeply.")
    reason: Text = ""


class PreviewIn(In):
    """What is left out is as the device has it."""

    template_id: RowId | None = None
    number: RowId | None = Field(None, description="Of the template's version; the latest where it is left out.")
    config_override: Json | None = None


class SideIn(In):
    """`template`: a version of a template, the latest without a number. `version`: a configuration that was made for
    a device. `now`: what a device would get now."""

    kind: Literal["template", "version", "now"]
    template_id: RowId | None = Field(None, description="Of a template.")
    device_id: RowId | None = Field(None, description="Of a version, and of now.")
    number: RowId | None = Field(None, description="Of a version; of a template, if it is not to be the latest.")


class DiffIn(In):
    left: SideIn
    right: SideIn


class ChangeOut(Out):
    path: str
    before: Any | None = Field(description="null where it was not there.")
    after: Any | None = Field(description="null where it is not there any more.")
    origin: str | None = Field(description="The layer of the new value; of the old one where it went away.")
    secret: bool = Field(description="What is masked has changed.")


class DifferenceOut(Out):
    left: str
    right: str
    unified: list[str] = Field(description="Lines of a unified diff.")
    changes: list[ChangeOut]


class ConfigVersionSummary(Out):
    id: int
    device_id: int
    number: int
    parent_id: int | None
    restores_id: int | None
    template_version_id: int | None
    content_sha256: str
    reason: str
    created_by_id: int | None
    created_at: Moment


class ConfigVersionPage(Out):
    items: list[ConfigVersionSummary]
    next: str | None


class ConfigVersionOut(ConfigVersionSummary):
    """One configuration, and how it differs from the one before."""

    shown: dict[str, Any] = Field(description=SHOWN)
    effective: dict[str, Any] = Field(description=EFFECTIVE)
    origins: dict[str, str] = Field(description=ORIGINS)
    difference: DifferenceOut

    @classmethod
    def of(cls, version: ConfigVersion, difference: Difference) -> ConfigVersionOut:
        return cls(
            **ConfigVersionSummary.model_validate(version).model_dump(),
            shown=version.shown,
            effective=schema.with_defaults(version.shown),
            origins=version.origins,
            difference=DifferenceOut.model_validate(difference),
        )


class DeviceConfigOut(Out):
    """What a device is wanted to have, and what it says it has. `shown`, `effective` and `origins` are of the wanted
    one, or of the one in force where none is wanted."""

    device_id: int
    name: str
    row_version: int
    template_id: int | None
    config_override: dict[str, Any]
    desired: ConfigVersionSummary | None
    desired_expires_at: Moment | None
    reported_number: int | None = Field(description="What the Pi says is in force; null: nothing yet.")
    in_force: ConfigVersionSummary | None = Field(description="null where that number did not come from here.")
    in_step: bool = Field(description="The Pi has what it is wanted to have.")
    shown: dict[str, Any] | None = Field(description=SHOWN)
    effective: dict[str, Any] | None = Field(description=EFFECTIVE)
    origins: dict[str, str] | None = Field(description=ORIGINS)
    history: str = Field(description="Path of the list of its configurations.")

    @classmethod
    def of(cls, current: Current, history: str) -> DeviceConfigOut:
        device, state, version = current.device, current.device.state, current.version
        expires_at: datetime | None = state.desired_expires_at if current.wanted else None
        return cls(
            device_id=device.id,
            name=device.name,
            row_version=device.row_version,
            template_id=device.template_id,
            config_override=device.config_override,
            desired=_summary(current.wanted),
            desired_expires_at=expires_at,
            reported_number=state.config_version,
            in_force=_summary(current.in_force),
            in_step=current.wanted is None or current.wanted.number == state.config_version,
            shown=None if version is None else version.shown,
            effective=None if version is None else schema.with_defaults(version.shown),
            origins=None if version is None else version.origins,
            history=history,
        )


class RenderingOut(Out):
    """What a device would get. With faults, no Pi would take it."""

    shown: dict[str, Any] = Field(description=SHOWN)
    effective: dict[str, Any] = Field(description=EFFECTIVE)
    origins: dict[str, str] = Field(description=ORIGINS)
    content_sha256: str
    faults: list[ProblemFault]
    difference: DifferenceOut = Field(description="To what the device has in force, or else is wanted to have.")

    @classmethod
    def of(cls, dry: Dry) -> RenderingOut:
        return cls(**_rendering(dry.rendered), difference=DifferenceOut.model_validate(dry.difference))


class DeviceConfigSetOut(RenderingOut):
    """What the device would get now; `version` is what was made of it, with `deploy`."""

    row_version: int
    version: ConfigVersionSummary | None

    @classmethod
    def of(cls, dry: Dry) -> DeviceConfigSetOut:
        return cls(
            **_rendering(dry.rendered),
            difference=DifferenceOut.model_validate(dry.difference),
            row_version=dry.device.row_version,
            version=_summary(dry.version),
        )


class GroupConfigOut(Out):
    id: int
    name: str
    priority: int
    config_override: dict[str, Any]
    row_version: int


def _summary(version: ConfigVersion | None) -> ConfigVersionSummary | None:
    return None if version is None else ConfigVersionSummary.model_validate(version)


def _rendering(rendered: Rendered) -> dict[str, Any]:
    return {
        "shown": rendered.shown,
        "effective": schema.with_defaults(rendered.shown),
        "origins": rendered.origins,
        "content_sha256": rendered.content_sha256,
        "faults": [ProblemFault(path=fault.path, message=fault.message) for fault in rendered.faults],
    }
