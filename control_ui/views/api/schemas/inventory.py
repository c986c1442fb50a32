"""The dynamic inventory."""

from __future__ import annotations

from pydantic import Field

from control_ui.views.api.schemas.base import In, Json, Out

MOST_HOSTS = 1000


class InventoryQuery(In):
    limit: int = Field(500, ge=1, le=MOST_HOSTS, description="How many at most.")
    cursor: str | None = Field(None, max_length=500, description="As it stands in `next`.")


class InventoryHostOut(Out):
    name: str
    variables: Json = Field(
        description="Connection, site, camera, keys; `pi_service_config` and `pi_service_config_version` where a"
        " configuration is wanted or known."
    )
    groups: list[str]
    ssh_host_keys: list[str]


class InventoryOut(Out):
    devices: list[InventoryHostOut]
    next: str | None = Field(description="Address of the following page.")
