"""Devices: what people say of them, and what they are asked to do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from control_ui.models import Device, DeviceAction
from control_ui.models.devices import DeviceStatus, Environment
from control_ui.services.devices import enrolment, facts, mailbox, reading
from control_ui.services.devices.status import Standing, is_fresh, refusal_of
from control_ui.services.redaction import redact_text
from control_ui.views.api.schemas.base import In, Json, Moment, Name, Out, PageQuery, RowId, Text
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


class ReasonIn(In):
    reason: Text = ""


class ReasonQuery(In):
    reason: Text = Field("", description="Why, for the audit trail.")


class EnrolmentTokenIn(In):
    lifetime_seconds: int = Field(
        int(enrolment.DEFAULT_LIFETIME.total_seconds()),
        ge=60,
        le=int(enrolment.LONGEST_LIFETIME.total_seconds()),
    )
    reason: Text = ""


class EnrolmentTokenOut(Out):
    enrolment_token: str = Field(description="In clear, this once.")
    expires_at: Moment


class DeviceTokenOut(Out):
    device_token: str = Field(description="In clear, this once.")


class RegisterIn(In):
    """What a Pi says of itself."""

    device_id: DeviceName
    enrolment_token: Secret = Field(max_length=200)
    device_token_sha256: str | None = Field(
        None, pattern=facts.SHA256, description="Of a token the Pi made itself. Without it one is made here."
    )
    ssh_host_keys: list[Text] = Field([], max_length=20)
    release: str = Field("", max_length=63, pattern=facts.LINE)
    hardware: Name | None = None


class RegisteredOut(Out):
    device_id: str
    id: int
    device_token: str | None = Field(None, description="There only where no hash was sent. In clear, this once.")


class ActionIn(In):
    kind: Literal["restart_stream", "restart_units", "reboot", "diagnose"]
    lifetime_seconds: int = Field(
        mailbox.DEFAULT_LIFETIME_SECONDS,
        ge=mailbox.SHORTEST_LIFETIME_SECONDS,
        le=mailbox.LONGEST_LIFETIME_SECONDS,
        description="The Pi does not do it later than this.",
    )
    reason: Text = ""


class ActionOut(Out):
    id: str
    kind: str
    reason: str
    created_at: Moment
    expires_at: Moment
    offered_at: Moment | None = Field(description="When the Pi was first told of it.")
    result: str | None = Field(description="started, ok, failed, refused, or expired; null while it waits.")
    detail: Any = Field(description="What the Pi answered; redacted.")
    finished_at: Moment | None

    @classmethod
    def of(cls, action: DeviceAction, now: datetime) -> ActionOut:
        shown = cls.model_validate(action)
        lapsed = action.result is None and action.expires_at <= now
        return shown.model_copy(update={"result": mailbox.EXPIRED}) if lapsed else shown


class ActionPage(Out):
    items: list[ActionOut]
    next: str | None


class LogQuery(PageQuery):
    since: Moment | None = None
    until: Moment | None = None
    unit: str | None = Field(None, max_length=100, pattern=facts.LINE)
    priority: int = Field(7, ge=0, le=7, description="At least as severe as this (0 emergency to 7 debug).")
    q: str | None = Field(None, max_length=100, pattern=facts.LINE, description="Looked for in the message.")


class LogOut(Out):
    at: Moment
    unit: str
    priority: int
    message: str


class LogPage(Out):
    items: list[LogOut]
    next: str | None


class PictureOut(Out):
    sequence: int | None
    captured_at: str | None = Field(description="By the Pi's clock.")
    age_seconds: float | None = Field(description="When it was reported.")
    config_version: int | None
    fresh: bool


class ConfigStandingOut(Out):
    """What the device runs, and what it is wanted to run."""

    reported: int | None
    reported_is_known: bool = Field(description="Whether that number came from here.")
    desired: int | None = Field(description="Null where nothing is wanted, or its time is over.")
    desired_since: Moment | None
    desired_expires_at: Moment | None
    in_force: bool = Field(description="Whether the device runs what is wanted of it, or nothing is.")
    refusal: str = Field(description="Why it does not, in the Pi's own words.")


class DeviceStatusOut(Out):
    id: int
    name: str
    status: DeviceStatus
    reasons: list[str] = Field(description="For a person, as of now.")
    since: Moment
    last_seen_at: Moment | None
    overdue_at: Moment | None = Field(description="Silent until then, it counts as offline.")
    release: str
    held_reason: str
    picture: PictureOut | None
    config: ConfigStandingOut
    pending_actions: list[ActionOut]
    report: Json = Field(description="`{status, stream, metrics}` of the last check-in, redacted.")

    @classmethod
    def of(
        cls, device: Device, standing: Standing, *, reasons: list[str], actions: list[DeviceAction], now: datetime
    ) -> DeviceStatusOut:
        state = device.state
        return cls(
            id=device.id,
            name=device.name,
            status=state.status,
            reasons=reasons,
            since=state.status_since,
            last_seen_at=state.last_seen_at,
            overdue_at=state.overdue_at,
            release=state.release,
            held_reason=device.held_reason,
            picture=_picture(standing),
            config=_config(device, standing),
            pending_actions=[ActionOut.of(action, now) for action in actions],
            report=state.report,
        )


def _picture(standing: Standing) -> PictureOut | None:
    snapshot = reading.dig(standing.report, "status", "snapshot")
    if not isinstance(snapshot, dict):
        return None
    return PictureOut(
        sequence=reading.whole(snapshot.get("sequence")),
        captured_at=reading.text(snapshot.get("captured_at"), 40) or None,
        age_seconds=reading.number(snapshot.get("age_seconds")),
        config_version=reading.whole(snapshot.get("config_version")),
        fresh=is_fresh(standing),
    )


def _config(device: Device, standing: Standing) -> ConfigStandingOut:
    wanted = standing.wanted
    number = wanted.number if wanted is not None else None
    return ConfigStandingOut(
        reported=standing.config_version,
        reported_is_known=standing.in_force is not None,
        desired=number,
        desired_since=standing.wanted_since,
        desired_expires_at=device.state.desired_expires_at if wanted is not None else None,
        in_force=number is None or number == standing.config_version,
        refusal="" if number is None or number == standing.config_version else refusal_of(standing.report, number),
    )
