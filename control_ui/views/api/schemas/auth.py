"""Signing in, for programs and the people behind them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from control_ui.views.api.schemas.base import In, Out
from control_ui.views.api.schemas.users import EMail, Password, Secret, UserOut

RefreshToken = Annotated[Secret, Field(max_length=200)]


class LoginIn(In):
    email: EMail
    password: Password


class RefreshIn(In):
    refresh_token: RefreshToken


class TokensOut(Out):
    access_token: str
    refresh_token: str = Field(description="Good once; refreshing gives the next.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the kind of token, as RFC 6750 names it
    expires_in: int = Field(description="Seconds until the access token expires.")
    user: UserOut
