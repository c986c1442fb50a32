"""Devices: what people say of them, and what they are asked to do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from control_ui.models import Device
from control_ui.models.devices import DeviceStatus, Environment
from control_ui.services.devices import facts
from control_ui.services.redaction import redact_text
from control_ui.views.api.schemas.base import In, Moment, Out, PageQuery, RowId, Text
from control_ui.views.api.schemas.targets import Query, Target
from control_ui.views.api.schemas.users import Secret

DeviceName = Annotated[str, StringConstraints(pattern=facts.NAME)]
Word = Annotated[str, StringConstraints(pattern=facts.WORD)]
WordOrEmpty = Annotated[str, StringConstraints(pattern=facts.WORD_OR_EMPTY)]
Host = Annotated[str, StringConstraints(pattern=facts.HOST_OR_EMPTY)]
Port = Annotated[int, Field(ge=1, le=facts.LARGEST_PORT)]
LabelName = Annotated[str, StringConstraints(pattern=facts.LABEL_NAME)]
LabelValue = Annotated[str, StringConstraints(pattern=facts.LABEL_VALUE)]
Labels = Annotated[dict[LabelName, LabelValue], Field(max_length=facts.MOST_LABELS)]
HeldReason = Annotated[
    Text, Field(max_length=500, description="Not empty: no mutating run touches the device, and why.")
]


class ApiKeyIn(In):
    """A key of a car wash controller, by its hash."""

    name: str = Field(pattern=facts.KEY_NAME)
    sha256: str = Field(pattern=facts.SHA256, description="Of the key, as lower-case hex; the key itself stays away.")
    expires_at: str | None = Field(None, pattern=facts.MOMENT, description="RFC 3339 with offset.")


class DeviceChangeIn(In):
    """What is left out stays as it is."""

    site_id: RowId | None = None
    environment: Environment | None = None
    ring: Word | None = Field(None, description="Of a new device: `main`.")
    hardware: WordOrEmpty | None = None
    labels: Labels | None = None
    address: Host | None = Field(
        None, description="Where SSH finds it; empty for a Pi that cannot be reached from outside."
    )
    ssh_port: Port | None = None
    ssh_user: str | None = Field(None, pattern=facts.USER)
    camera_host: Host | None = None
    camera_port: Port | None = None
    camera_path: str | None = Field(None, pattern=facts.PATH)
    camera_user: str | None = Field(None, max_length=facts.LONGEST_LOGIN, pattern=facts.LINE)
    camera_password: Secret | None = Field(
        None, max_length=facts.LONGEST_LOGIN, description="Kept encrypted, and never given out. Null forgets it."
    )
    api_keys: list[ApiKeyIn] | None = Field(None, max_length=facts.MOST_API_KEYS)
    held_reason: HeldReason | None = None
    reason: Text = ""

    def values(self) -> dict[str, Any]:
        """What was given, as services/devices/records.py takes it."""
        given = self.model_dump(exclude_none=True, exclude={"reason", "camera_password"})
        if "camera_password" in self.model_fields_set:
            secret = self.camera_password
            given["camera_password"] = secret.get_secret_value() if secret is not None else None
        return given


class DeviceIn(DeviceChangeIn):
    name: DeviceName = Field(description="The `device_id` of its configuration, and its name in inventories.")
    site_id: RowId
    environment: Environment


class DeviceQuery(PageQuery):
    """All that is given must hold."""

    q: str | None = Field(
        None, max_length=100, pattern=facts.LINE, description="Looked for in name, address, site and city."
    )
    status: DeviceStatus | None = None
    group_id: RowId | None = None
    query: Query | None = Field(None, description="Labels: `ring=canary,region in (west,south),!camera`.")
    region: WordOrEmpty | None = None
    ring: Word | None = None
    environment: Environment | None = None
    template_id: RowId | None = None
    site_id: RowId | None = None
    release: str | None = Field(None, max_length=63, pattern=facts.LINE)


class SiteOfDevice(Out):
    id: int
    name: str
    city: str
    state: str
    region: str
    latitude: float | None
    longitude: float | None
    timezone: str


class CameraOut(Out):
    host: str
    port: int
    path: str
    user: str
    password_is_set: bool
    password_revision: int = Field(description="Goes up with each new password.")


class DeviceSummary(Out):
    """A line of the list."""

    id: int
    tenant_id: int
    name: str
    site: SiteOfDevice
    environment: Environment
    ring: str
    hardware: str
    labels: dict[str, str]
    address: str
    status: DeviceStatus
    status_reasons: list[str]
    status_since: Moment
    last_seen_at: Moment | None
    config_version: int | None
    desired_version: int | None = Field(description="Wanted last; see the status for whether it still is.")
    release: str
    template_id: int | None
    held_reason: str
    registered_at: Moment | None
    row_version: int

    @classmethod
    def of(cls, device: Device) -> DeviceSummary:
        return cls(**_summary(device))


class DevicePage(Out):
    items: list[DeviceSummary]
    next: str | None


class ApiKeyOut(Out):
    name: str
    sha256: str
    expires_at: str | None = None


class DeviceOut(DeviceSummary):
    ssh_port: int
    ssh_user: str
    ssh_host_keys: list[str]
    camera: CameraOut
    api_keys: list[ApiKeyOut]
    token: Literal["none", "in use", "being rotated"]
    created_at: Moment

    @classmethod
    def of(cls, device: Device) -> DeviceOut:
        rotated = device.previous_token_sha256 is not None
        return cls(
            **_summary(device),
            ssh_port=device.ssh_port,
            ssh_user=device.ssh_user,
            ssh_host_keys=device.ssh_host_keys,
            camera=CameraOut(
                host=device.camera_host,
                port=device.camera_port,
                path=redact_text(device.camera_path),
                user=device.camera_user,
                password_is_set=device.camera_password is not None,
                password_revision=device.camera_password_revision,
            ),
            api_keys=[ApiKeyOut.model_validate(key) for key in device.api_keys],
            token="none" if device.token_sha256 is None else "being rotated" if rotated else "in use",
            created_at=device.created_at,
        )


def _summary(device: Device) -> dict[str, Any]:
    state = device.state
    own = ("id", "tenant_id", "name", "environment", "ring", "hardware", "labels", "address", "template_id")
    told = ("status", "status_reasons", "status_since", "last_seen_at", "config_version", "release")
    return {
        **{name: getattr(device, name) for name in (*own, "held_reason", "registered_at", "row_version")},
        **{name: getattr(state, name) for name in told},
        "site": SiteOfDevice.model_validate(device.site),
        "desired_version": state.desired_config.number if state.desired_config is not None else None,
    }


class BulkIn(In):
    """One change to many devices. What is left out stays as it is."""

    target: Target
    add_labels: Labels | None = None
    remove_labels: list[LabelName] = Field([], max_length=facts.MOST_LABELS)
    ring: Word | None = None
    environment: Environment | None = None
    hardware: WordOrEmpty | None = None
    held_reason: HeldReason | None = Field(None, description="Empty releases. For operators, too.")
    reason: Text = ""


class BulkOut(Out):
    """How many were changed, how many were as wanted already, and which."""

    changed_count: int
    unchanged_count: int
    changed: list[str]
    unchanged: list[str]
