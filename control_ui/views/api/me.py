"""One's own account: profile, password, and where one is signed in. X-Tenant does not matter here."""

from __future__ import annotations

from control_ui.models import User
from control_ui.services.actor import Actor
from control_ui.services.people import own_account, sign_ins
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.me import (
    DoorEntryOut,
    MeOut,
    PasswordChangeIn,
    ProfileIn,
    SignInOut,
    SignInsOut,
    TenantOfMe,
)
from control_ui.views.api.schemas.users import UserOut
from control_ui.views.authentication import NEWCOMERS, ONESELF
from control_ui.views.state import app_state

api = Api("me", "me")


@api.get("/me", guard=NEWCOMERS, returns=MeOut)
def me(call: Call) -> MeOut:
    """Who you are, and what your credentials allow."""
    return _described(own_account.read(call.session, call.actor), call.actor)


@api.put("/me", guard=ONESELF, body=ProfileIn, returns=MeOut, errors=(403,))
def change_profile(call: Call, body: ProfileIn) -> MeOut:
    """Change your name or time zone."""
    user = own_account.change_profile(call.session, call.actor, name=body.name, timezone=body.timezone, now=call.now)
    return _described(user, call.actor)


@api.post("/me/password", guard=NEWCOMERS, body=PasswordChangeIn, status=204, errors=(403, 409, 429))
def change_password(call: Call, body: PasswordChangeIn) -> None:
    """Change your password.

    All your sessions and access tokens end, this one too; API tokens stay. A wrong old password counts like a failed
    sign-in.
    """
    own_account.change_password(
        call.session,
        SignInLimits(app_state().redis),
        call.actor,
        old=body.old_password.get_secret_value(),
        new=body.new_password.get_secret_value(),
        now=call.now,
    )


@api.get("/me/sign-ins", guard=ONESELF, returns=SignInsOut, errors=(403,))
def list_sign_ins(call: Call) -> SignInsOut:
    """Where you are signed in, and the last tries to sign in as you."""
    return SignInsOut(
        open=[SignInOut.model_validate(row) for row in sign_ins.own(call.session, call.actor, call.now)],
        history=[DoorEntryOut.model_validate(entry) for entry in sign_ins.history(call.session, call.actor)],
    )


@api.delete("/me/sign-ins/<int:sign_in_id>", guard=ONESELF, status=204, errors=(403, 404))
def end_sign_in(call: Call, sign_in_id: int) -> None:
    """Sign out there: end one of your sessions or chains of tokens."""
    sign_ins.end(call.session, call.actor, sign_in_id, reason="ended from another place", now=call.now)


def _described(user: User, actor: Actor) -> MeOut:
    return MeOut(
        user=UserOut.model_validate(user),
        tenant=None if user.tenant is None else TenantOfMe.model_validate(user.tenant),
        kind=actor.kind,
        permissions=sorted(actor.permissions),
    )
