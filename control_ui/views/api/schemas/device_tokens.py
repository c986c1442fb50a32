"""How a Pi comes to its token."""

from __future__ import annotations

from pydantic import Field

from control_ui.services.devices import enrolment, facts
from control_ui.views.api.schemas.base import In, Moment, Name, Out, Text
from control_ui.views.api.schemas.devices import DeviceName
from control_ui.views.api.schemas.users import Secret


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
