"""Personal API tokens."""

from __future__ import annotations

from pydantic import Field

from control_ui.services.permissions import Permission
from control_ui.views.api.schemas.base import In, Moment, Name, Out, PageQuery, RowId, Text


class TokenOut(Out):
    id: int
    user_id: int
    name: str
    scopes: list[Permission]
    created_at: Moment
    expires_at: Moment
    last_used_at: Moment | None = Field(description="Give or take a minute.")
    revoked_at: Moment | None


class TokenPage(Out):
    items: list[TokenOut]
    next: str | None


class TokenQuery(PageQuery):
    user_id: RowId | None = Field(None, description="Whose; without it your own.")


class TokenIn(In):
    name: Name
    scopes: list[Permission] = Field(min_length=1, max_length=len(Permission))
    expires_at: Moment = Field(description="A year ahead at most.")
    reason: Text = ""


class NewTokenOut(Out):
    api_token: TokenOut
    token: str = Field(description="Shown this once: send it as Authorization: Bearer <token>.")
