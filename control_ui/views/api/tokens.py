"""Personal API tokens."""

from __future__ import annotations

from control_ui.services.people import api_tokens
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.tokens import NewTokenOut, TokenIn, TokenOut, TokenPage, TokenQuery
from control_ui.views.authentication import ONESELF

api = Api("tokens", "tokens")


@api.get("/tokens", guard=ONESELF, query=TokenQuery, returns=TokenPage, errors=(403, 404))
def list_tokens(call: Call, query: TokenQuery) -> TokenPage:
    """List your API tokens, or those of somebody whom you manage (`users:manage`)."""
    page = api_tokens.listed(call.session, call.actor, user_id=query.user_id, limit=query.limit, cursor=query.cursor)
    return TokenPage(items=[TokenOut.model_validate(token) for token in page.items], next=page.next)


@api.post("/tokens", guard=ONESELF, body=TokenIn, returns=NewTokenOut, status=201, errors=(403, 409))
def create_token(call: Call, body: TokenIn) -> NewTokenOut:
    """Make an API token for a program.

    It can do what both its scopes and your role allow at the time. You have to be signed in yourself for this.
    """
    token, secret = api_tokens.create(
        call.session,
        call.actor,
        name=body.name,
        scopes=body.scopes,
        expires_at=body.expires_at,
        reason=body.reason,
        now=call.now,
    )
    return NewTokenOut(api_token=TokenOut.model_validate(token), token=secret)


@api.delete("/tokens/<int:token_id>", guard=ONESELF, status=204, errors=(403,))
def revoke_token(call: Call, token_id: int) -> None:
    """Revoke an API token: your own, or that of somebody whom you manage (`users:manage`)."""
    api_tokens.revoke(call.session, call.actor, token_id, reason="", now=call.now)
