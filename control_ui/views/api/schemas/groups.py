"""Groups of devices."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from control_ui.models import Group
from control_ui.models.devices import GroupKind
from control_ui.services.devices import facts
from control_ui.views.api.schemas.base import In, Moment, Out, RowId, Text
from control_ui.views.api.schemas.targets import MOST_DEVICES, Query

GroupName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=63, pattern=facts.LINE)]
Ids = Annotated[list[RowId], Field(default_factory=list, max_length=MOST_DEVICES)]


class GroupChangeIn(In):
    """What is left out stays as it is."""

    name: GroupName | None = None
    description: Text | None = None
    label_query: Query | None = Field(
        None, description="For groups of kind `query`: `ring=canary,region in (west,south)`."
    )
    priority: int | None = Field(
        None, ge=-1000, le=1000, description="Of two groups of a device, the override of the higher one wins."
    )
    reason: Text = ""

    def values(self) -> dict[str, Any]:
        """What was given, as services/devices/groups.py takes it."""
        return self.model_dump(exclude_none=True, exclude={"reason", "kind"})


class GroupIn(GroupChangeIn):
    name: GroupName
    kind: GroupKind


class MembersIn(In):
    """Devices that come into a static group, and devices that leave it."""

    add: Ids
    remove: Ids
    reason: Text = ""


class MembersOut(Out):
    added: int
    removed: int
    device_count: int


class GroupOut(Out):
    id: int
    tenant_id: int
    name: str
    description: str
    kind: GroupKind
    label_query: str
    priority: int
    device_count: int
    row_version: int
    created_at: Moment

    @classmethod
    def of(cls, group: Group, device_count: int) -> GroupOut:
        columns = {name: getattr(group, name) for name in cls.model_fields if name != "device_count"}
        return cls(device_count=device_count, **columns)


class GroupPage(Out):
    items: list[GroupOut]
    next: str | None
