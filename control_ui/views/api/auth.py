"""Signing in with a password, refreshing, signing out."""

from __future__ import annotations

from flask import request

from control_ui.models import SignIn
from control_ui.models.people import SignInKind
from control_ui.services.people import access_tokens, refresh_tokens
from control_ui.services.people.login import Credentials, login
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.auth import LoginIn, RefreshIn, TokensOut
from control_ui.views.api.schemas.users import UserOut
from control_ui.views.state import app_state

api = Api("auth", "auth", prefix="/auth")


@api.post("/login", body=LoginIn, returns=TokensOut, errors=(401, 429))
def sign_in(call: Call, body: LoginIn) -> TokensOut:
    """Sign in with e-mail address and password.

    Gives an access token for 15 minutes and a refresh token. Ten tries a minute from one address; five that fail
    lock the account for a while (429, Retry-After). 503 while Redis, which counts them, is away.
    """
    signed_in = login(
        call.session,
        SignInLimits(app_state().redis),
        call.actor,
        Credentials(body.email, body.password.get_secret_value()),
        kind=SignInKind.API,
        user_agent=request.user_agent.string,
        now=call.now,
    )
    return _tokens(signed_in.sign_in, signed_in.refresh_token)


@api.post("/refresh", body=RefreshIn, returns=TokensOut, errors=(401,))
def refresh(call: Call, body: RefreshIn) -> TokensOut:
    """Trade a refresh token for new tokens.

    Each is good once. One that comes back after its use ends its sign-in and all tokens of it, however soon it comes
    back: wait for the answer before you send it again.
    """
    refreshed = refresh_tokens.rotate(call.session, call.actor, body.refresh_token.get_secret_value(), call.now)
    return _tokens(refreshed.sign_in, refreshed.token)


@api.post("/logout", body=RefreshIn, status=204)
def sign_out(call: Call, body: RefreshIn) -> None:
    """Sign out: end the sign-in of this refresh token, and with it all its tokens.

    A token that is not known has nothing to end, and is answered alike.
    """
    refresh_tokens.sign_out(call.session, call.actor, body.refresh_token.get_secret_value(), call.now)


def _tokens(sign_in: SignIn, refresh_token: str) -> TokensOut:
    access_token = access_tokens.issue(sign_in.user, app_state().settings.secret_key, sign_in)
    return TokensOut(
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in=int(access_tokens.LIFETIME.total_seconds()),
        user=UserOut.model_validate(sign_in.user),
    )
