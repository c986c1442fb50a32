"""How a device is, what it logs, and what it is asked to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from control_ui.models import Device, DeviceAction
from control_ui.models.devices import DeviceStatus
from control_ui.services.devices import facts, mailbox, reading
from control_ui.services.devices.status import Standing, is_fresh, refusal_of
from control_ui.views.api.schemas.base import In, Json, Moment, Out, PageQuery, Text


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
