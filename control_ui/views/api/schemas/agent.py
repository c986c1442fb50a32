"""What a Pi's agent and the control plane say to each other."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from control_ui.models import DeviceAction
from control_ui.views.api.schemas.base import Moment, Out


class CheckinIn(BaseModel):
    """A report. Whatever in it makes no sense is left out, and the rest is kept: a Pi with a damaged sensor, or of a
    later release, must not fall silent for it. So nothing is refused here but what is no object."""

    model_config = ConfigDict(extra="ignore")

    device_id: Any = Field(None, description="Its name; another device's is refused.")
    config_version: Any = Field(None, description="Number of the configuration in force.")
    status: Any = Field(
        None,
        description="{release, boot_id, uptime_seconds, clock_synchronised, conditions, actions, config_fault,"
        " last_apply, backlog, snapshot, pull}",
    )
    stream: Any = Field(None, description="State of the stream, and `quiet`; or null.")
    metrics: Any = Field(None, description="Processor, memory, temperature, disk, network.")
    logs: Any = Field(None, description="[{id, at, unit, priority, message}]; the first 1,000 are taken.")
    samples: Any = Field(None, description="[{at, metrics}] of the time when nobody could be reached.")
    action_results: Any = Field(None, description="[{id, kind, result, detail, at}]")


class ActionOffered(Out):
    id: str
    kind: str
    expires_at: Moment

    @classmethod
    def of(cls, action: DeviceAction) -> ActionOffered:
        return cls(id=action.id, kind=action.kind, expires_at=action.expires_at)


class CheckinOut(Out):
    desired_version: int | None = Field(description="Null: go on with what you have.")
    config_url: str | None = Field(description="Relative to the control plane's address.")
    actions: list[ActionOffered]
