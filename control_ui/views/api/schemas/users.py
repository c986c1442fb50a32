"""People."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from control_ui.models.people import Role
from control_ui.services import timezones
from control_ui.services.people import fields
from control_ui.services.people.passwords import LONGEST
from control_ui.views.api.schemas.base import In, Moment, Name, Out, PageQuery, Text


def _known(name: str) -> str:
    if not timezones.is_known(name):
        raise ValueError("must be the name of a time zone, such as UTC or America/Chicago")
    return name


def _encodable(secret: SecretStr) -> SecretStr:
    """JSON can hold halves of characters, which are hashed by nobody."""
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("must be text") from None  # the cause would quote it
    return secret


TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known)]
EMail = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=fields.LONGEST_EMAIL, pattern=fields.EMAIL_PATTERN
    ),
]
Secret = Annotated[SecretStr, Field(min_length=1), AfterValidator(_encodable)]
Password = Annotated[Secret, Field(max_length=LONGEST)]


class UserOut(Out):
    id: int
    tenant_id: int | None = Field(description="None for platform administrators.")
    email: str
    name: str
    role: Role
    timezone: str
    disabled_at: Moment | None
    last_login_at: Moment | None
    password_expires_at: Moment | None = Field(description="Set while the password is a one-time one.")
    created_at: Moment


class UserPage(Out):
    items: list[UserOut]
    next: str | None


class UserQuery(PageQuery):
    search: Text = Field("", max_length=100, description="Part of an e-mail address or a name.")
    role: Role | None = None
    disabled: bool | None = None


class UserIn(In):
    email: EMail
    name: Name
    role: Role
    timezone: TimeZone = "UTC"
    reason: Text = ""


class NewUserOut(Out):
    user: UserOut
    one_time_password: str = Field(description="Shown this once; to be replaced at the first sign-in.")


class UserChangeIn(In):
    """What is left out stays as it is."""

    name: Name | None = None
    role: Role | None = None
    timezone: TimeZone | None = None
    disabled: bool | None = None
    reason: Text = ""


class OneTimePasswordOut(Out):
    one_time_password: str = Field(description="Shown this once; to be replaced at the first sign-in.")
