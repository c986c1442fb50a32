"""Rollbacks of devices to a point in their past."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from control_ui.services.deployments.to_a_point import Point
from control_ui.services.deployments.way_back import Action
from control_ui.views.api.schemas.base import In, Out, RowId, Text
from control_ui.views.api.schemas.configuration import ChangeOut
from control_ui.views.api.schemas.targets import Target


class RollbackTo(In):
    """Exactly one of these."""

    previous: Literal[True] | None = Field(None, description="What each device ran before what it runs now.")
    version: RowId | None = Field(None, description="A number of the one device's own configurations.")
    run_id: RowId | None = Field(None, description="The rollback point of this run: what each device ran then.")

    @model_validator(mode="after")
    def _only_one(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("must be exactly one of previous, version, run_id")
        return self

    def read(self) -> Point:
        return Point(previous=bool(self.previous), version=self.version, run_id=self.run_id)


class RollbackPreviewIn(In):
    target: Target
    to: RollbackTo


class RollbackIn(RollbackPreviewIn):
    """Which devices go back, and where to."""

    reason: Text = ""


class ForeseenOut(Out):
    """What a rollback would do with one device."""

    device_id: int
    device: str
    action: Action = Field(
        description="`restore`: a new number with the old content. `withdraw`: it has not got it, and gets it no more."
        " `own rollback`: nothing earlier is known here, the Pi itself goes back. `leave alone`: nothing is done."
    )
    why: str
    from_number: int | None = Field(description="The number in force, as reported.")
    to_number: int | None = Field(description="The old number, whose content returns under a new one.")
    changes: list[ChangeOut]


class ForeseenList(Out):
    items: list[ForeseenOut]
