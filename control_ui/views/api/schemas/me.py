"""One's own account."""

from __future__ import annotations

from pydantic import Field

from control_ui.models.people import SignInKind
from control_ui.services.permissions import Permission
from control_ui.views.api.schemas.base import In, Moment, Name, Out
from control_ui.views.api.schemas.users import Password, TimeZone, UserOut


class TenantOfMe(Out):
    id: int
    slug: str
    name: str
    timezone: str


class MeOut(Out):
    user: UserOut
    tenant: TenantOfMe | None = Field(description="None for platform administrators.")
    kind: str = Field(description="`user`, or `token` where an API token was shown.")
    permissions: list[Permission] = Field(description="What the credentials of this request allow.")


class ProfileIn(In):
    """What is left out stays as it is."""

    name: Name | None = None
    timezone: TimeZone | None = None


class PasswordChangeIn(In):
    old_password: Password
    new_password: Password


class SignInOut(Out):
    id: int
    kind: SignInKind
    remote_address: str
    user_agent: str
    started_at: Moment
    seen_at: Moment
    expires_at: Moment


class DoorEntryOut(Out):
    at: Moment
    action: str
    outcome: str = Field(description="`ok` or `refused`.")
    remote_address: str
    reason: str


class SignInsOut(Out):
    open: list[SignInOut] = Field(description="Sessions and chains of tokens that can be used now, the newest first.")
    history: list[DoorEntryOut] = Field(description="What the audit trail says of the door, failed tries included.")
