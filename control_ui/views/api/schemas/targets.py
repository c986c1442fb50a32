"""Which devices something is for."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from control_ui.services.devices import selector
from control_ui.services.devices.targets import KINDS
from control_ui.views.api.schemas.base import In, RowId

MOST_DEVICES = 10_000
Query = Annotated[str, StringConstraints(max_length=selector.LONGEST, pattern=r"^[^\x00]*$")]


class Target(In):
    """Exactly one of these."""

    device_ids: list[RowId] | None = Field(None, min_length=1, max_length=MOST_DEVICES)
    group_id: RowId | None = None
    query: Query | None = Field(None, description="For example `ring=canary,region in (west,south),camera!=axis`.")
    all: Literal[True] | None = None
    failed_of: RowId | None = Field(
        None, description="Hosts of this run that failed, were unreachable, or were not worked on to the end."
    )

    @model_validator(mode="after")
    def _only_one(self) -> Self:
        if len(self.chosen) != 1:
            raise ValueError(f"must be exactly one of {', '.join(KINDS)}")
        return self

    @property
    def chosen(self) -> dict[str, Any]:
        """As services/devices/targets.py takes it."""
        return self.model_dump(exclude_none=True)
